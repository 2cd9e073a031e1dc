// SPDX-License-Identifier: ISC
// Where mail for a domain goes (RFC 5321 §5), and who may send mail of it (SPF, RFC 7208).
#include "zonegen/maker.h"

void make_mx(struct zone_maker *maker)
{
    maker_add(maker, maker->name, "MX", "mail for the domain comes to this machine (RFC 5321 §5.1)",
              "10 %s.", maker->config->box.hostname);
}

void make_spf(struct zone_maker *maker)
{
    maker_add_text(maker, maker->name,
                   "SPF: only the mail exchanger sends mail of this domain (RFC 7208)",
                   "v=spf1 mx -all");
}
