/* SPDX-License-Identifier: Apache-2.0 */
/* Words as they are published and as people send them. */
#include "watch/incident.h"

const char *area_state_words(enum area_state s)
{
    static const char *const words[AREA_STATE_COUNT] = {
        [AREA_OPERATING] = "operating",   [AREA_SHUT_PROTECT] = "shut_protect",
        [AREA_FLOODED] = "flooded",       [AREA_ISOLATED] = "isolated",
        [AREA_DEWATERING] = "dewatering", [AREA_TESTING] = "testing",
        [AREA_WORKAROUND] = "workaround", [AREA_RESTORED] = "restored",
    };
    return s < AREA_STATE_COUNT ? words[s] : "";
}

const char *equipment_state_words(enum equipment_state s)
{
    static const char *const words[EQUIPMENT_STATE_COUNT] = {
        [EQUIPMENT_RUNNING] = "running",
        [EQUIPMENT_STOPPED] = "stopped",
        [EQUIPMENT_STOPPED_PROTECT] = "stopped_protect",
        [EQUIPMENT_FLOODED] = "flooded",
        [EQUIPMENT_DAMAGED] = "damaged",
        [EQUIPMENT_DRYING] = "drying",
        [EQUIPMENT_TESTING] = "testing",
        [EQUIPMENT_READY] = "ready",
        [EQUIPMENT_RESTARTED] = "restarted",
        [EQUIPMENT_WORKAROUND] = "workaround",
    };
    return s < EQUIPMENT_STATE_COUNT ? words[s] : "";
}

const char *milestone_words(enum milestone m)
{
    static const char *const words[MILESTONE_COUNT] = {
        [MILESTONE_DETECTED] = "detected",
        [MILESTONE_ACKNOWLEDGED] = "acknowledged",
        [MILESTONE_PROTECTED] = "equipment_protected",
        [MILESTONE_ISOLATED] = "isolated",
        [MILESTONE_PLUGGED] = "plugged",
        [MILESTONE_CONTAINED] = "contained",
        [MILESTONE_DEWATERING] = "dewatering_started",
        [MILESTONE_DEWATERED] = "dewatering_done",
        [MILESTONE_INSPECTED] = "inspected",
        [MILESTONE_TESTING] = "testing_started",
        [MILESTONE_FIRST_RESTART] = "first_restart",
        [MILESTONE_RESTARTED] = "all_restarted",
        [MILESTONE_CLOSED] = "closed",
    };
    return m < MILESTONE_COUNT ? words[m] : "";
}

const char *incident_flag_words(enum incident_flag f)
{
    static const char *const words[FLAG_COUNT] = {
        [FLAG_CONTAINED] = "contained",
        [FLAG_PLUGGED] = "plugged",
        [FLAG_RELEASE] = "environment_release",
        [FLAG_PEOPLE_SAFE] = "people_safe",
    };
    return f < FLAG_COUNT ? words[f] : "";
}

const char *incident_change_words(enum incident_change c)
{
    static const char *const words[INCIDENT_CHANGE_COUNT] = {
        [INCIDENT_OPENED] = "opened",     [INCIDENT_MILESTONE] = "milestone",
        [INCIDENT_PROPOSED] = "proposed", [INCIDENT_REVOKED] = "revoked",
        [INCIDENT_AREA] = "area",         [INCIDENT_EQUIPMENT_STATE] = "equipment",
        [INCIDENT_FLAG] = "flag",         [INCIDENT_SIGNOFF] = "signoff",
        [INCIDENT_ETA] = "eta",           [INCIDENT_CLOSED] = "closed",
        [INCIDENT_DRILL] = "drill",
    };
    return c < INCIDENT_CHANGE_COUNT ? words[c] : "";
}
