/* Runs a generator on the inputs of a folder of expected results (`z`, `c`, `w.*`, `ws_plus`,
 * `random.noise*`, `transform.*`) and hands out every result that the folder expects (`w.*`,
 * `image.*`, `act.*`, `tensor.*`), so that `c2l selftest` and the test suite compare the same
 * things. What is computed follows from the arrays' names, not from the folder's. */
#pragma once

#include "models/check.h"
#include "models/generator.h"

G_BEGIN_DECLS

/* FALSE and an error where something cannot be computed at all: a file that does not load, an input
 * that is missing, an activation that the network does not have. */
gboolean c2l_generator_check (C2lExpected *expected, C2lWeights *weights, C2lDevice *device,
                              C2lPrecision precision, C2lCheckReport report, gpointer user_data,
                              GError **error);

G_END_DECLS
