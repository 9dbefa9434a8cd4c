/* The error domain of everything that reads files. */
#include "formats/weights.h"

G_DEFINE_QUARK (c2l - format - error - quark, c2l_format_error)
