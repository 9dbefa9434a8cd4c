/* OpenGL that the processor computes is the slowest way to draw: with it the window came up in
 * twice the time and a slider's previews at a fifth of the rate (docs/performance.md). GTK 4.8
 * takes it all the same, so it is kept from that where EGL knows no other device. */
#include "app/c2l-graphics.h"

#include <epoxy/egl.h>

#define MAX_DEVICES 32

static gboolean
has_software_only (void)
{
  EGLDeviceEXT devices[MAX_DEVICES];
  EGLint n_devices = 0;

  if (!epoxy_has_egl ()
      || !(epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_device_base")
           || epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_device_enumeration"))
      || !eglQueryDevicesEXT (MAX_DEVICES, devices, &n_devices))
    return FALSE; /* Nobody knows: GTK finds out. */
  for (int i = 0; i < n_devices; i++)
    {
      const char *extensions = eglQueryDeviceStringEXT (devices[i], EGL_EXTENSIONS);
      g_auto (GStrv) names = g_strsplit (extensions != NULL ? extensions : "", " ", -1);

      if (!g_strv_contains ((const char *const *) names, "EGL_MESA_device_software"))
        return FALSE;
    }
  return TRUE;
}

/* A list of GDK's, with @words added. */
static void
add_to_variable (const char *name, const char *words)
{
  const char *old = g_getenv (name);
  g_autofree char *both = old != NULL && *old != '\0' ? g_strconcat (old, ",", words, NULL) : NULL;

  g_setenv (name, both != NULL ? both : words, TRUE);
}

void
c2l_graphics_choose (void)
{
  if (g_getenv ("GSK_RENDERER") != NULL || !has_software_only ())
    return;
  g_debug ("There is no graphics device: windows are drawn without OpenGL");
  g_setenv ("GSK_RENDERER", "cairo", TRUE);
  /* GDK would still start OpenGL when it opens the display. It is told by the one up to 4.14, by
   * the other since. */
  add_to_variable ("GDK_DEBUG", "gl-disable");
  add_to_variable ("GDK_DISABLE", "gl,vulkan");
}
