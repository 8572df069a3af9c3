/* SPDX-License-Identifier: Apache-2.0 */
/* A line without a plant file, for tools that ask equipment nobody has written down yet. */
#include <string.h>

#include "config/plant.h"
#include "config/plant_parts.h"

const char *line_from_address(const char *address, struct arena *a, struct line *out)
{
    static const struct {
        const char *scheme;
        uint8_t transport; /* enum transport */
        uint16_t port;
    } schemes[] = {{"tcp://", TRANSPORT_TCP, 502},
                   {"rtu://", TRANSPORT_RTU, 0},
                   {"rtu+tcp://", TRANSPORT_RTU_OVER_TCP, 0}};
    *out = (struct line){.name = address,
                         .baud = 19200,
                         .data_bits = 8,
                         .stop_bits = 1,
                         .parity = PARITY_EVEN,
                         .timeout_ns = NS_PER_S,
                         .connect_timeout_ns = 3 * NS_PER_S,
                         .reconnect_min_ns = 500 * NS_PER_MS,
                         .reconnect_max_ns = 4 * NS_PER_S,
                         .retries = 1,
                         .silent_share = 0.1};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i].scheme);
        if (strncmp(address, schemes[i].scheme, n) != 0) {
            continue;
        }
        out->transport = schemes[i].transport;
        out->port = schemes[i].port;
        const char *rest = address + n;
        if (out->transport == TRANSPORT_RTU) {
            out->device = rest;
            return *rest == '/' && rest[1] != '\0'
                       ? NULL
                       : "the path of a serial port is absolute: rtu:///dev/ttyUSB0";
        }
        if (!split_host(rest, a, &out->host, &out->port)) {
            return "write HOST:PORT, with [..] around an IPv6 address and nothing behind the port";
        }
        return out->port != 0 ? NULL : "rtu+tcp has no usual port; say which one, like :4001";
    }
    return "write tcp://HOST:502, rtu:///dev/ttyUSB0 or rtu+tcp://HOST:4001";
}
