// SPDX-License-Identifier: EUPL-1.2
// What opens a session at its host.
#pragma once
#include "broker/calls/services.h"

// A one-time password for a session, or an empty text where its host has no agent. `user_name`, its person's, becomes
// the one to log on with: a desktop that runs may be found again only by the name it was opened with. `has_typed`: who
// logs on by it has the password that was typed, too, and says it where the profile wants it. False: none can be made.
bool host_password(const struct services *services, const struct session *session, bool has_typed,
                   char user_name[USER_NAME_SIZE], char text[OTP_TEXT_SIZE]) __attribute__((warn_unused_result));
bool host_password_follows(const struct services *services, const struct session *session);
