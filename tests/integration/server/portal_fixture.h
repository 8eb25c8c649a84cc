// SPDX-License-Identifier: EUPL-1.2
// A broker's server with the portal behind a gateway's port, in a process of its own. Its directory and its store are
// the calls' fixture: anna may use her desktop from anywhere, with the code 123456 and any password that begins with
// "geheim & größer+1".
#pragma once
#include "tests/folder.h"
#include "tests/program.h"

#include <stdbool.h>

#define PORTAL_PASSKEY "cHVsdC1wYXNza2V5LW9mLWFubmE" // of anna: "pult-passkey-of-anna"
enum { PORTAL_PORT = 443, PORTAL_GATEWAY_PORT = 8446, PORTAL_PUBLIC_PORT = 8443, PORTAL_DEVICE_PORT = 8444 };

extern char portal_folder[FOLDER_SIZE]; // with the certificate: broker.crt

void portal_open(void);  // in a network of its own
void portal_close(void); // it must have ended well
// Whether that, ASCII, stands anywhere in the memory of its process, in UTF-16 as well.
bool portal_remembers(const char *secret);
// As a browser: curl with a jar of cookies of that name, and what else stands in `options`. Headers and body.
const char *portal_visit(const char *jar, const char *options, const char *path);
