/* What the files of the library share among themselves. */
#pragma once

#include "libclip2latent/clip2latent.h"
#include "studio/generate.h"

G_BEGIN_DECLS

/* Sets @error to what the rooms below said, as a C2L_ERROR; takes @cause. Returns FALSE. */
gboolean    c2l_error_propagate (GError **error, GError *cause);

/* What @request held at this moment; it is not changed again. */
C2lRequest *c2l_request_copy (C2lRequest *request);
/* Fills in what studio draws by; @params lends from @request. Directions are looked up in @bundle. */
gboolean    c2l_request_fill_params (C2lRequest *request, C2lBundle *bundle, C2lGenerateParams *params, GError **error);

/* Lent. */
C2lSession *c2l_model_get_session (C2lModel *model);

G_END_DECLS
