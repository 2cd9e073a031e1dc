// SPDX-License-Identifier: ISC
#include "dns/rdata.h"

#include "dns/name.h"
#include "dns/types.h"

// RFC 1035 §3.3; the mail types that it replaced itself are still compressible (RFC 3597 §4).
enum { TYPE_MD = 3, TYPE_MF = 4, TYPE_MB = 7, TYPE_MG = 8, TYPE_MR = 9, TYPE_MINFO = 14 };

static const struct rdata_layout layouts[] = {
    [RR_TYPE_NS] = {0, 1, 0},    [TYPE_MD] = {0, 1, 0},      [TYPE_MF] = {0, 1, 0},
    [RR_TYPE_CNAME] = {0, 1, 0}, [RR_TYPE_SOA] = {0, 2, 20}, [TYPE_MB] = {0, 1, 0},
    [TYPE_MG] = {0, 1, 0},       [TYPE_MR] = {0, 1, 0},      [RR_TYPE_PTR] = {0, 1, 0},
    [TYPE_MINFO] = {0, 2, 0},    [RR_TYPE_MX] = {2, 1, 0},
};

bool rdata_is_name(const uint8_t *rdata, size_t len)
{
    struct name name;
    return name_from_wire(rdata, len, &name) == STATUS_OK && name.len == len;
}

const struct rdata_layout *rdata_layout(uint16_t type)
{
    if (type >= sizeof(layouts) / sizeof(*layouts) || layouts[type].names == 0)
        return NULL;
    return &layouts[type];
}
