// SPDX-License-Identifier: EUPL-1.2
// What a client sends, once its first flight is to be corrected on its way to the host (rdp_first_flight.h); all that
// comes after that goes as it is. Functions for websocket_content.
#pragma once
#include "broker/net/websocket_pump.h"
#include "broker/pult-gateway/rdp_first_flight.h"

struct flight_content;

struct flight_content *flight_content_new(struct rdp_first_flight *flight); // takes it over
void flight_content_free(void *content);                                    // NULL allowed
size_t flight_content_unwrap(void *content, const unsigned char *bytes, size_t length, struct websocket_piece *piece);
