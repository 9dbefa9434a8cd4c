/* Entries of the library: what lists show of a picture. */
#include "studio/library.h"

G_DEFINE_BOXED_TYPE (C2lLibraryEntry,
                     c2l_library_entry,
                     c2l_library_entry_ref,
                     c2l_library_entry_unref)

C2lLibraryEntry *
c2l_library_entry_new (C2lRecipe *recipe, GBytes *thumbnail)
{
  C2lLibraryEntry *entry = g_new0 (C2lLibraryEntry, 1);

  g_atomic_ref_count_init (&entry->refs);
  entry->uid = g_uuid_string_random ();
  entry->prompt = g_strdup (recipe->prompt);
  entry->model = g_strdup (recipe->model != NULL ? recipe->model : "");
  entry->generator = g_strdup (g_hash_table_lookup (recipe->sha256, "generator"));
  entry->created = g_get_real_time ();
  entry->has_score = recipe->has_score;
  entry->score = recipe->score;
  entry->thumbnail = thumbnail != NULL ? g_bytes_ref (thumbnail) : NULL;
  return entry;
}

C2lLibraryEntry *
c2l_library_entry_ref (C2lLibraryEntry *entry)
{
  g_atomic_ref_count_inc (&entry->refs);
  return entry;
}

void
c2l_library_entry_unref (C2lLibraryEntry *entry)
{
  if (!g_atomic_ref_count_dec (&entry->refs))
    return;
  g_free (entry->uid);
  g_free (entry->prompt);
  g_free (entry->model);
  g_free (entry->generator);
  g_clear_pointer (&entry->thumbnail, g_bytes_unref);
  g_free (entry);
}
