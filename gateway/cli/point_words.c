/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/point_words.h"

#include <stdio.h>
#include <string.h>

#include "config/map.h"

const struct device *tag_device(const struct plant *p, uint32_t tag)
{
    bool derived = tag >= p->first_derived || p->device_count == 0;
    return derived ? NULL : &p->devices[plant_device_of(p, tag)];
}

const struct point *tag_point(const struct plant *p, uint32_t tag)
{
    const struct device *d = tag_device(p, tag);
    return d ? &d->map->points[tag - d->first_tag] : &p->derived[tag - p->first_derived].point;
}

const char *words_of_tag(char out[static TAG_WORDS], const struct plant *p, uint32_t tag)
{
    const struct device *d = tag_device(p, tag);
    if (d)
        snprintf(out, TAG_WORDS, "%s/%s", d->path, d->map->points[tag - d->first_tag].name);
    else
        snprintf(out, TAG_WORDS, "%s", p->derived[tag - p->first_derived].path);
    return out;
}

/* "input 42"; "input 42, 44" where registers don't lie side by side: most significant first. */
static void put_address(char out[static POINT_WORDS], const char *table, const struct point *point)
{
    int n = snprintf(out, POINT_WORDS, "%s", table);
    if (!point->parts)
        snprintf(out + n, (size_t)(POINT_WORDS - n), " %u", point->address);
    for (unsigned i = 0; point->parts && i < point->part_count && n < POINT_WORDS; i++)
        n += snprintf(out + n, (size_t)(POINT_WORDS - n), "%s %u", i ? "," : "",
                      point->address + (unsigned)point->parts[i]);
}

const char *words_of_address(char out[static POINT_WORDS], const struct point *point)
{
    const char *table = table_name((enum table)point->table);
    if (point->from >= 0)
        snprintf(out, POINT_WORDS, "computed");
    else if (point->bit >= 0)
        snprintf(out, POINT_WORDS, "%s %u.%d", table, point->address, point->bit);
    else
        put_address(out, table, point);
    return out;
}

const char *words_of_doc(char out[static POINT_WORDS], const struct map *map,
                         const struct point *point)
{
    static const uint32_t usual[TABLE_COUNT] = {1, 10001, 30001, 40001};
    static const uint32_t beyond[TABLE_COUNT] = {1, 100001, 300001, 400001};
    *out = 0;
    if (point->from >= 0)
        return out;
    uint32_t base = map->has_doc_base[point->table] ? map->doc_base[point->table]
                    : point->address < 9999         ? usual[point->table]
                                                    : beyond[point->table];
    int n = snprintf(out, POINT_WORDS, "%0*u",
                     base == 1 && !map->has_doc_base[point->table] ? 5 : 1, base + point->address);
    if (point->bit >= 0)
        snprintf(out + n, (size_t)(POINT_WORDS - n), ".%d", point->bit);
    return out;
}

const char *words_of_notations(char out[static POINT_WORDS], const struct point *point)
{
    static const char *const letters[TABLE_COUNT] = {"%M", "%I", "%IW", "%MW"};
    static const unsigned digits[TABLE_COUNT] = {0, 1, 3, 4};
    if (point->from >= 0)
        return words_of_address(out, point);
    unsigned number = point->address + 1U;
    int n = snprintf(out, POINT_WORDS, "%s %u (0x%04X)", table_name((enum table)point->table),
                     point->address, point->address);
    if (number <= 9999)
        n += snprintf(out + n, (size_t)(POINT_WORDS - n), ", %u%04u", digits[point->table], number);
    n += snprintf(out + n, (size_t)(POINT_WORDS - n), ", %u%05u, %s%u", digits[point->table],
                  number, letters[point->table], point->address);
    if (point->bit >= 0)
        snprintf(out + n, (size_t)(POINT_WORDS - n), ", bit %d", point->bit);
    return out;
}

const char *words_of_order(char out[static POINT_WORDS], const struct point *point)
{
    *out = 0;
    if (point->from >= 0 || point->bytes < 2 || point->bytes > 8)
        return out;
    /* For each place on the wire the letter of the byte that lies there, as maps write it. */
    for (unsigned i = 0; i < point->bytes; i++) {
        if (point->order[i] >= point->bytes) {
            *out = 0;
            return out;
        }
        out[point->order[i]] = (char)('A' + i);
    }
    out[point->bytes] = 0;
    return out;
}

const char *words_of_type(char out[static POINT_WORDS], const struct point *point)
{
    char order[POINT_WORDS];
    words_of_order(order, point);
    *out = 0;
    if (point->from >= 0)
        return out;
    if (point->type == RAW_STRING)
        snprintf(out, POINT_WORDS, "string, %u words", point->words);
    else
        /* In one register the high byte comes first, always but for oddities. */
        snprintf(out, POINT_WORDS, "%s%s%.8s", raw_type_name((enum raw_type)point->type),
                 *order && strcmp(order, "AB") != 0 ? " " : "",
                 strcmp(order, "AB") != 0 ? order : "");
    return out;
}

const char *words_of_range(char out[static POINT_WORDS], const struct point *point)
{
    *out = 0;
    if (point->has_valid)
        snprintf(out, POINT_WORDS, "%.10g .. %.10g", point->valid_low, point->valid_high);
    return out;
}

const char *words_of_scale(char out[static POINT_WORDS], const struct map *map,
                           const struct point *point)
{
    static const char *const curves[] = {[CURVE_TABLE] = "by a table",
                                         [CURVE_WEIR] = "of a weir",
                                         [CURVE_PF4Q] = "power factor in four quadrants"};
    int n = 0;
    *out = 0;
    if (point->curve == CURVE_LINEAR) {
        if (point->scale.real != 1)
            n = snprintf(out, POINT_WORDS, "x %.10g", point->scale.real);
        if (point->offset.real != 0)
            snprintf(out + n, (size_t)(POINT_WORDS - n), "%s%+.10g", n ? " " : "",
                     point->offset.real);
    } else if (point->curve == CURVE_SPAN) {
        snprintf(out, POINT_WORDS, "%.10g .. %.10g is %.10g .. %.10g", point->raw_low,
                 point->raw_high, point->eng_low, point->eng_high);
    } else if (point->curve != CURVE_NONE) {
        snprintf(out, POINT_WORDS, "%s", curves[point->curve]);
    }
    n = (int)strlen(out);
    const char *apart = n ? ", " : "";
    if (point->exp_from >= 0)
        snprintf(out + n, (size_t)(POINT_WORDS - n), "%sx 10^%s", apart,
                 map->points[point->exp_from].name);
    else if (point->mul_from >= 0)
        snprintf(out + n, (size_t)(POINT_WORDS - n), "%sx %s%s", apart,
                 point->factor_count ? "a factor by " : "", map->points[point->mul_from].name);
    return out;
}

const char *words_of_kind(const struct point *point)
{
    static const char *const kinds[] = {"gauge", "counter", "state", "event", "text"};
    return kinds[point->kind];
}

const char *words_of_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
