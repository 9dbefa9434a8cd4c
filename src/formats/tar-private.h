/* What reader and writer of tar archives share: a header, one block long. */
#pragma once

#include "formats/tar.h"

G_BEGIN_DECLS

#define C2L_TAR_BLOCK 512

typedef struct
{
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char user[32];
  char group[32];
  char device[16];
  char prefix[155];
  char padding[12];
} C2lTarHeader;

G_STATIC_ASSERT (sizeof (C2lTarHeader) == C2L_TAR_BLOCK);

G_END_DECLS
