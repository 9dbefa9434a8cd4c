/* Names of files. A prompt may hold anything: slashes, line breaks, marks that turn the direction
 * of writing and so hide what a file really is. All of a name goes through clean(); templates are
 * refused where they ask for what there is not. */
#include "studio/picture-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_SLUG 60
#define FALLBACK "picture"

/* Of a picture that there is not. */
#define EXAMPLE_SIZE 1024
#define EXAMPLE_SEED 4821
#define EXAMPLE_INDEX 2
#define EXAMPLE_SCORE 0.31

/* Those of Windows and of memory cards, and the slash. */
#define RESERVED "/\\:*?\"<>|"

typedef struct
{
  C2lPicture *picture;
  gsize prompt_budget; /* bytes of each prompt in the name */
} Values;

/* NFC, one space for white space, dashes for what file systems reserve, nothing for what cannot be
 * seen; no space around it. */
static char *
clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *composed = g_utf8_normalize (valid, -1, G_NORMALIZE_DEFAULT_COMPOSE);
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *c = composed; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);
      GUnicodeType type = g_unichar_type (u);
      gboolean joins = u == 0x200c || u == 0x200d; /* letters of some scripts, and emoji */

      if (g_unichar_isspace (u) || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR)
        {
          if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c (out, ' ');
        }
      else if (u < 0x80 && strchr (RESERVED, u) != NULL)
        g_string_append_c (out, '-');
      else if (joins || (type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT))
        g_string_append_unichar (out, u);
    }
  g_strchomp (out->str);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* At most @size bytes, not within a character nor between a letter and its marks. */
static void
cut (char *text, gsize size)
{
  char *end;

  if (strlen (text) <= size)
    return;
  end = g_utf8_find_prev_char (text, text + size + 1);
  while (end != NULL && end > text)
    {
      gunichar next = g_utf8_get_char (end);
      const char *before = g_utf8_find_prev_char (text, end);

      if (!g_unichar_ismark (next) && next != 0x200d && g_utf8_get_char (before) != 0x200d)
        break;
      end = (char *) before;
    }
  *(end != NULL ? end : text) = '\0';
  g_strchomp (text);
}

static char *
dup_prompt (const Values *values)
{
  const char *prompt = values->picture->recipe->prompt;
  char *text = clean (prompt != NULL ? prompt : "");

  if (*text == '\0')
    {
      g_free (text);
      text = g_strdup (FALLBACK);
    }
  cut (text, values->prompt_budget);
  return text;
}

static char *
dup_slug (const Values *values)
{
  const char *prompt = values->picture->recipe->prompt;
  g_autofree char *valid = g_utf8_make_valid (prompt != NULL ? prompt : FALLBACK, -1);
  g_autofree char *ascii = g_str_to_ascii (valid, "C");
  g_autoptr (GString) slug = g_string_new (NULL);

  for (const char *c = ascii; *c != '\0' && slug->len < MAX_SLUG; c++)
    if (g_ascii_isalnum (*c))
      g_string_append_c (slug, g_ascii_tolower (*c));
    else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
      g_string_append_c (slug, '-');
  while (slug->len > 0 && slug->str[slug->len - 1] == '-')
    g_string_truncate (slug, slug->len - 1);
  if (slug->len == 0)
    g_string_append (slug, FALLBACK);
  return g_string_free (g_steal_pointer (&slug), FALSE);
}

static char *
dup_seed (const Values *values)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, values->picture->recipe->seed);
}

static char *
dup_index (const Values *values)
{
  return g_strdup_printf ("%02u", values->picture->recipe->index);
}

/* The number that the window shows for the picture. */
static char *
dup_n (const Values *values)
{
  return g_strdup_printf ("%02u", values->picture->recipe->index + 1);
}

static char *
dup_model (const Values *values)
{
  const char *model = values->picture->recipe->model;

  return clean (model != NULL ? model : "model");
}

static char *
dup_score (const Values *values)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!values->picture->recipe->has_score)
    return g_strdup ("unscored");
  return g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.4f", values->picture->recipe->score));
}

static char *
dup_date (const Values *values)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_format (now, "%Y-%m-%d");
}

static char *
dup_width (const Values *values)
{
  return g_strdup_printf ("%d", values->picture->size);
}

static const struct
{
  const char *name;
  char *(*dup_value) (const Values *values);
} fields[] = {
  { "prompt", dup_prompt }, { "slug", dup_slug },   { "seed", dup_seed },
  { "n", dup_n },           { "index", dup_index }, { "model", dup_model },
  { "score", dup_score },   { "date", dup_date },   { "width", dup_width },
};

char *
c2l_name_template_dup_fields (void)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_string_append_printf (list, "%s{%s}", i > 0 ? ", " : "", fields[i].name);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

/* The field whose name stands at @text, or −1. */
static int
find_field (const char *text, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strlen (fields[i].name) == length && strncmp (fields[i].name, text, length) == 0)
      return i;
  return -1;
}

static gboolean
refuse (GError **error, const char *name_template, const char *why)
{
  g_autofree char *list = c2l_name_template_dup_fields ();

  g_set_error (error, C2L_STUDIO_ERROR, C2L_STUDIO_ERROR_INVALID,
               _ ("“%s” cannot name files: %s; use letters and %s"), name_template, why, list);
  return FALSE;
}

gboolean
c2l_name_template_check (const char *name_template, GError **error)
{
  g_autofree char *visible = NULL;

  if (!g_utf8_validate (name_template, -1, NULL))
    {
      visible = g_utf8_make_valid (name_template, -1);
      return refuse (error, visible, _ ("it is not UTF-8"));
    }
  visible = clean (name_template);
  if (*visible == '\0')
    return refuse (error, name_template, _ ("it is empty"));
  if (strchr (name_template, '/') != NULL)
    return refuse (error, name_template, _ ("it is a path; the folder is chosen apart"));
  for (const char *c = name_template; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      return refuse (error, visible, _ ("it holds a control character"));
  for (const char *c = name_template; *(c += strcspn (c, "{}")) != '\0'; c++)
    {
      const char *end = *c == '{' ? strchr (c, '}') : NULL;
      g_autofree char *why = NULL;

      if (end == NULL)
        return refuse (error, name_template, _ ("a brace has no partner"));
      if (find_field (c + 1, end - c - 1) < 0)
        {
          why = g_strdup_printf (_ ("there is no %.*s"), (int) (end + 1 - c), c);
          return refuse (error, name_template, why);
        }
      c = end;
    }
  return TRUE;
}

static char *
expand (const char *name_template, const Values *values)
{
  g_autoptr (GString) name = g_string_new (NULL);
  const char *c = name_template;

  while (*c != '\0')
    {
      gsize literal = strcspn (c, "{");
      const char *end = c[literal] == '{' ? strchr (c + literal, '}') : NULL;
      int field = end != NULL ? find_field (c + literal + 1, end - c - literal - 1) : -1;
      g_autofree char *value = field >= 0 ? fields[field].dup_value (values) : NULL;

      g_string_append_len (name, c, literal);
      c += literal;
      if (value != NULL)
        {
          g_string_append (name, value);
          c = end + 1;
        }
      else if (*c != '\0')
        g_string_append_c (name, *c++);
    }
  return g_string_free (g_steal_pointer (&name), FALSE);
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *found = text; (found = strstr (found, part)) != NULL; found += strlen (part))
    n++;
  return n;
}

char *
c2l_picture_dup_name (C2lPicture *picture, const char *name_template)
{
  Values values = { picture, 0 };
  guint n_prompts = count (name_template, "{prompt}");
  g_autofree char *without = expand (name_template, &values), *raw = NULL, *name = NULL;
  char *start;

  g_return_val_if_fail (picture != NULL, NULL);

  /* What follows a long prompt, seed and number, must not be cut off. */
  if (n_prompts > 0)
    values.prompt_budget = (C2L_NAME_MAX - MIN (strlen (without), C2L_NAME_MAX)) / n_prompts;
  raw = expand (name_template, &values);
  name = clean (raw);
  start = name + strspn (name, ".- ");
  cut (start, C2L_NAME_MAX);
  while (*start != '\0' && strchr (". ", start[strlen (start) - 1]) != NULL)
    start[strlen (start) - 1] = '\0';
  return g_strdup (*start != '\0' ? start : FALLBACK);
}

char *
c2l_name_template_dup_example (const char *name_template,
                               const char *prompt,
                               const char *model,
                               C2lImageFormat format)
{
  g_autoptr (C2lRecipe) recipe = c2l_recipe_new ();
  g_autoptr (C2lPicture) picture = c2l_picture_new (recipe, EXAMPLE_SIZE, NULL);
  g_autofree char *name = NULL;

  recipe->prompt = g_strdup (prompt);
  recipe->model = g_strdup (model);
  recipe->seed = EXAMPLE_SEED;
  recipe->index = EXAMPLE_INDEX;
  recipe->has_score = TRUE;
  recipe->score = EXAMPLE_SCORE;
  name = c2l_picture_dup_name (picture, name_template);
  return g_strconcat (name, c2l_image_format_get_suffix (format), NULL);
}
