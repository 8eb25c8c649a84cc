// SPDX-License-Identifier: EUPL-1.2
// How a queue presents itself to programs: a PPD, which lets PDF, PWG raster and Apple raster through as they are and
// offers what the printer has. Grey unless colour is asked for.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/text.h"

enum { PRINT_PPD_MODEL_SIZE = 64 };

// What cupsd shows of the queue as its make and model: another one is another PPD.
void print_ppd_model(char model[PRINT_PPD_MODEL_SIZE], const struct host_queue *queue);
void print_ppd(struct text *ppd, const struct host_queue *queue);
