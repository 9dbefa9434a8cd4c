/* Names of files for pictures, made from templates such as "{prompt}-{seed}-{n}".
 *
 *   {prompt}  the words, in any script        {slug}   the words as ASCII letters, digits and
 * dashes, for shells {seed}    of the random numbers           {index}  number of the picture of
 * that seed, from 00 {n}       the same number from 01         {model}  the bundle's name {score}
 * 0.2731, or "unscored"           {date}   the day of saving, 2024-12-31 {width}   of the picture
 * in pixels */
#pragma once

#include "studio/picture.h"

G_BEGIN_DECLS

/* What the window saves under, and c2l. */
#define C2L_NAME_TEMPLATE "{prompt}-{seed}-{n}"
#define C2L_NAME_TEMPLATE_PLAIN "{slug}-{seed}-{index}"

/* Bytes of a name without its end (".png"): what file systems allow, less room for numbers and
 * ends. */
#define C2L_NAME_MAX 200

/* "{prompt}, {slug}, …": all of them, for messages. */
char *c2l_name_template_dup_fields (void);
gboolean c2l_name_template_check (const char *name_template, GError **error);

/* What picture 3 of a prompt and a seed would be called under a good template, with the end of
 * @format: for the eyes. */
char *c2l_name_template_dup_example (const char *name_template,
                                     const char *prompt,
                                     const char *model,
                                     C2lImageFormat format);

/* c2l_picture_dup_name:
 * @name_template: one that c2l_name_template_check() finds good
 * A file's name without its end, in UTF-8: never empty, never a path, without control characters, a
 * leading dot or dash, or what the file systems of memory cards refuse; at most C2L_NAME_MAX bytes,
 * of which the prompt gives way first. */
char *c2l_picture_dup_name (C2lPicture *picture, const char *name_template);

G_END_DECLS
