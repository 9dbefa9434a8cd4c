/* Two digits: the third differs between devices. */
#include "app/c2l-score.h"

char *
c2l_score_dup_text (double score)
{
  /* Not “−0.00”. */
  if (score > -0.005 && score < 0)
    score = 0;
  return g_strdup_printf (score < 0 ? "−%.2f" : "%.2f", score < 0 ? -score : score);
}
