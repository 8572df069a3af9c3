/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/quality.h"

const char *quality_word(enum quality q)
{
    switch (q) {
    case QUALITY_GOOD:
        return "good";
    case QUALITY_UNCERTAIN:
        return "uncertain";
    case QUALITY_CONFIG_ERROR:
        return "config error";
    case QUALITY_NOT_CONNECTED:
        return "not connected";
    case QUALITY_DEVICE_FAILURE:
        return "device failure";
    case QUALITY_SENSOR_FAILURE:
        return "sensor failure";
    case QUALITY_LAST_KNOWN:
        return "last known";
    case QUALITY_COMM_FAILURE:
        return "comm failure";
    case QUALITY_OUT_OF_SERVICE:
        return "out of service";
    case QUALITY_BAD:
        break;
    }
    return "bad";
}
