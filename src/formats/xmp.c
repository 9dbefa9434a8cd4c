/* XMP through GLib's parser of simple XML, which knows no entities to expand and no files to fetch.
 * Programs that rewrite a packet change prefixes, and elements into attributes; so names are looked
 * up by the namespace behind their prefix, and both are read. Knows nothing of what the texts mean.
 */
#include "formats/xmp.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define OUR_SPACE "https://clip2latent.github.io/ns/1.0/"
#define XMP_SPACE "http://ns.adobe.com/xap/1.0/"
#define DC_SPACE "http://purl.org/dc/elements/1.1/"
#define NOTE_SPACE "http://ns.adobe.com/xmp/note/"

#define HEAD                                                                                       \
  "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"                           \
  "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"                                                       \
  "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"                          \
  "<rdf:Description rdf:about=\"\" "
#define TAIL "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>"

/* What find_keyword() calls the name of an extension; no keyword can have a colon. */
#define EXTENSION_KEYWORD ":extension"

/* Deeper than any packet: x:xmpmeta, rdf:RDF, rdf:Description, dc:description, rdf:Alt, rdf:li. */
#define MAX_DEPTH 32
#define MAX_SPACES 64

typedef struct
{
  GHashTable *texts;
  GHashTable *spaces; /* prefix → namespace */
  char *keyword;      /* (nullable): of the element that is being read */
  int depth, keyword_depth;
  int n_items; /* rdf:li inside it so far */
  GString *text;
} Parser;

/* A text as XML can hold it. */
static char *
escape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) kept = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);
      gboolean possible = (u >= 0x20 || u == '\t' || u == '\n') && u != 0xfffe && u != 0xffff;

      g_string_append_unichar (kept, possible ? u : ' ');
    }
  return g_markup_escape_text (kept->str, kept->len);
}

char *
c2l_xmp_build (const C2lImageText *texts, int n_texts)
{
  g_autoptr (GString) packet = g_string_new (HEAD "xmlns:xmp=\"" XMP_SPACE "\" xmlns:dc=\"" DC_SPACE
                                                  "\" xmlns:c2l=\"" OUR_SPACE "\">\n");

  for (int i = 0; i < n_texts; i++)
    {
      g_autofree char *text = escape (texts[i].text);

      if (strcmp (texts[i].keyword, "Software") == 0)
        g_string_append_printf (packet, "<xmp:CreatorTool>%s</xmp:CreatorTool>\n", text);
      else if (strcmp (texts[i].keyword, "Description") == 0)
        g_string_append_printf (packet,
                                "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">%s"
                                "</rdf:li></rdf:Alt></dc:description>\n",
                                text);
      else
        g_string_append_printf (packet, "<c2l:%s>%s</c2l:%s>\n", texts[i].keyword, text,
                                texts[i].keyword);
    }
  g_string_append (packet, TAIL);
  return g_string_free (g_steal_pointer (&packet), FALSE);
}

char *
c2l_xmp_build_reference (const char *md5)
{
  return g_strdup_printf (HEAD "xmlns:xmpNote=\"" NOTE_SPACE "\">\n"
                               "<xmpNote:HasExtendedXMP>%s</xmpNote:HasExtendedXMP>\n" TAIL,
                          md5);
}

/* The keyword for a name such as "c2l:clip2latent", or NULL. */
static char *
find_keyword (Parser *self, const char *name)
{
  const char *colon = strchr (name, ':'), *space;
  g_autofree char *prefix = colon != NULL ? g_strndup (name, colon - name) : NULL;

  space = prefix != NULL ? g_hash_table_lookup (self->spaces, prefix) : NULL;
  if (g_strcmp0 (space, OUR_SPACE) == 0 && colon[1] != '\0' && colon[1] != ':')
    return g_strdup (colon + 1);
  if (g_strcmp0 (space, XMP_SPACE) == 0 && strcmp (colon, ":CreatorTool") == 0)
    return g_strdup ("Software");
  if (g_strcmp0 (space, DC_SPACE) == 0 && strcmp (colon, ":description") == 0)
    return g_strdup ("Description");
  if (g_strcmp0 (space, NOTE_SPACE) == 0 && strcmp (colon, ":HasExtendedXMP") == 0)
    return g_strdup (EXTENSION_KEYWORD);
  return NULL;
}

static void
on_start (GMarkupParseContext *context,
          const char *element,
          const char **names,
          const char **values,
          gpointer data,
          GError **error)
{
  Parser *self = data;

  if (++self->depth > MAX_DEPTH)
    {
      g_set_error_literal (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, _ ("too deep"));
      return;
    }
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "xmlns:") && g_hash_table_size (self->spaces) < MAX_SPACES)
      g_hash_table_replace (self->spaces, g_strdup (names[i] + strlen ("xmlns:")),
                            g_strdup (values[i]));
  for (int i = 0; names[i] != NULL; i++)
    {
      char *keyword = find_keyword (self, names[i]);

      if (keyword != NULL)
        g_hash_table_replace (self->texts, keyword, g_strdup (values[i]));
    }
  if (self->keyword == NULL && (self->keyword = find_keyword (self, element)) != NULL)
    {
      self->keyword_depth = self->depth;
      self->n_items = 0;
      g_string_truncate (self->text, 0);
    }
  else if (self->keyword != NULL && g_str_has_suffix (element, ":li") && self->n_items++ == 0)
    g_string_truncate (self->text, 0);
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Parser *self = data;

  if (self->keyword != NULL && self->depth == self->keyword_depth)
    g_hash_table_replace (self->texts, g_steal_pointer (&self->keyword),
                          g_strndup (self->text->str, self->text->len));
  self->depth--;
}

/* Of alternatives in several languages the first is the default; what stands around them is layout.
 */
static void
on_text (GMarkupParseContext *context,
         const char *text,
         gsize length,
         gpointer data,
         GError **error)
{
  Parser *self = data;
  gboolean is_direct = self->n_items == 0 && self->depth == self->keyword_depth;
  gboolean is_first = self->n_items == 1
                      && g_str_has_suffix (g_markup_parse_context_get_element (context), ":li");

  if (self->keyword != NULL && (is_direct || is_first))
    g_string_append_len (self->text, text, length);
}

char *
c2l_xmp_parse (const char *packet, gsize size, GHashTable *texts)
{
  static const GMarkupParser functions
      = { .start_element = on_start, .end_element = on_end, .text = on_text };
  Parser self = { .texts = texts };
  GMarkupParseContext *context;
  char *keyword = NULL, *md5 = NULL;

  /* Some programs pad a packet with zeros. */
  while (size > 0 && packet[size - 1] == '\0')
    size--;
  if (size == 0 || size > C2L_XMP_MAX_SIZE)
    return NULL;
  self.spaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.text = g_string_new (NULL);
  context = g_markup_parse_context_new (&functions, 0, &self, NULL);
  if (g_markup_parse_context_parse (context, packet, size, NULL))
    g_markup_parse_context_end_parse (context, NULL);
  g_markup_parse_context_free (context);
  g_hash_table_unref (self.spaces);
  g_string_free (self.text, TRUE);
  g_free (self.keyword);
  g_hash_table_steal_extended (texts, EXTENSION_KEYWORD, (gpointer *) &keyword, (gpointer *) &md5);
  g_free (keyword);
  return md5;
}
