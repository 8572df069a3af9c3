/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of the map reader divide their work. Not for other rooms. */
#ifndef CONFIG_MAP_PARTS_H
#define CONFIG_MAP_PARTS_H

#include "config/names.h"
#include "config/reader.h"

enum {
    MAP_BYTES_MAX = 1 << 20,
    MAP_NODES_MAX = 200000,
    MAP_TAGS_MAX = 100000,
    DEPTH_OF_FILES = 16,
    SCALAR_MAX = 8192,
    DEFAULT_MAX_GAP = 16,
};
enum { VERIFIED_WORDS = 4 };
extern const char *const verified_words[VERIFIED_WORDS];
#define EVERY_MIN_NS (100 * NS_PER_US)
#define EVERY_MAX_NS (7 * 24 * 3600 * NS_PER_S)

/* What a type is. Numbers of the letters of its order are its bytes on the wire, but for the
 * 24-bit types: they lie in two registers, and the first letter is the byte that isn't used. */
struct type_facts {
    const char *name;
    uint8_t bytes, words;
    bool integer, is_signed, number;
};
extern const struct type_facts type_facts[RAW_COUNT];
extern const char *const type_names[RAW_COUNT];
extern const char *const table_names[TABLE_COUNT];
extern const char *const kind_names[5];

struct tag_nodes {
    const struct node *at, *doc, *type, *order, *byte, *bit, *invert, *mask, *shift, *bits,
        *choices, *scale, *offset, *span, *table, *weir, *convert, *from, *exp_from, *mul_from,
        *invalid, *valid, *valid_if, *kind, *wrap, *reset, *group, *len, *chars, *format, *every,
        *deadband, *max_silence, *repeat, *write, *danger, *verified, *overlap, *unit, *about, *weights,
        *optional, *read, *side_effect;
};

/* A word that names another tag; looked up when all tags are known. */
enum reference_kind { REF_FROM, REF_EXP, REF_MUL, REF_CONDITION };
struct reference {
    struct reference *next;
    const struct node *node;
    const char *text; /* {n} already put in */
    uint32_t point; /* NAMES_NONE: of a tag that could not be read */
    enum reference_kind kind;
    const struct node *factors; /* REF_MUL: by code; NULL */
    bool any; /* which sort of tag it has to be is not known */
};

/* A tag that could not be read: who refers to it has made no mistake. */
struct unread {
    struct unread *next;
    const char *name;
};

struct told { /* a word that names another tag wrongly, said once for all repetitions */
    struct told *next;
    const struct node *node;
};

/* An entry of `tags` of a map that lies over another one: it may be about one of many that a single
 * entry below makes, with `repeat` or with `bits`. */
struct plain_tag {
    const struct node *key;
    bool change; /* of such a one: no tag of its own */
};

struct map_builder {
    struct reader r;
    struct arena *scratch; /* gone when the map is read */
    struct map *map;
    struct point *points;
    uint32_t count, room;
    struct names names, groups;
    uint8_t order[RAW_COUNT][8];
    bool has_base[TABLE_COUNT];
    uint64_t base[TABLE_COUNT];
    double deadband;
    int64_t max_silence_ns;
    struct reference *references, *last_reference;
    /* The factors read last: those of a repeated tag are the same. */
    const struct node *factors_of;
    const struct choice *factors_by;
    const struct factor *factors;
    uint32_t factor_count;
    struct unread *unread;
    struct told *told;
    bool tagless; /* `tags` can't be read at all: no name of a tag is wrong */
    bool loose;   /* as its tree: nothing is missing */
    /* Of the tag that is read: where it lies, its type. What they are taken for else fits to
     * everything, and what hangs on them is not told. */
    bool placed, typed;
    bool merged;
    struct names plain; /* of entries without {n}; only where merged */
    struct plain_tag *plain_tags;
};

/* map_address.c */
bool read_address(const struct map_builder *b, const struct node *n, const char *what,
                  uint8_t *table, uint16_t *address);
bool read_doc_base(struct map_builder *b, const struct node *n);
bool read_never(struct map_builder *b, const struct node *n, struct limits *out);
bool read_barriers(struct map_builder *b, const struct node *n, struct limits *out);
bool check_doc(const struct map_builder *b, const struct node *doc, const struct point *p);
bool check_reach(const struct map_builder *b, const struct node *n, const struct point *p, bool writes);

/* map_type.c */
void default_orders(uint8_t order[RAW_COUNT][8]);
bool byte_order_parse(const char *text, unsigned type, uint8_t out[8]);
bool read_order(const struct reader *r, const struct node *n, unsigned type, uint8_t out[8]);
bool read_orders(const struct reader *r, const struct node *n, uint8_t order[RAW_COUNT][8],
                 bool given[RAW_COUNT]);
bool read_type(struct map_builder *b, const struct tag_nodes *n, struct point *p,
               const struct node *tag);
bool read_bit_keys(const struct map_builder *b, const struct tag_nodes *n, struct point *p);
unsigned raw_bits(const struct point *p); /* width of what `invalid` is compared with */

/* map_curve.c */
bool read_curve(const struct map_builder *b, const struct tag_nodes *n, struct point *p);

/* map_invalid.c */
bool read_invalid(const struct map_builder *b, const struct node *n, struct point *p);
bool read_choices(const struct map_builder *b, const struct node *n, struct point *p);

/* map_looks.c */
bool read_meaning(const struct map_builder *b, const struct tag_nodes *n, struct point *p);

/* map_write.c */
bool read_write(const struct map_builder *b, const struct node *n, struct point *p);
bool shift_write(const struct map_builder *b, const struct node *key, struct point *p,
                 uint64_t step); /* of one of many */
bool check_writes(const struct map_builder *b);

/* map_tag.c */
bool count_points(struct map_builder *b, const struct node *tags);
bool is_tag_key(const char *text);
bool read_tag(struct map_builder *b, const struct node *key, const struct node *value);
void name_point(const struct reader *r, struct point *p, const char *name); /* and its JSON key */

/* map_refuse.c: a tag, or the whole map, without what can't be read at all, which is told: NODE_LOST
 * in the place of values. NULL: out of memory. */
const struct node *refuse_unsupported(const struct map_builder *b, const struct node *mapping,
                                      bool tag, bool *good);

/* map_changes.c: what lies over one of many */
bool find_changes(struct map_builder *b, const struct node *tags);
bool is_change(const struct map_builder *b, const struct node *key);
const struct node *change_of(const struct map_builder *b, const char *name); /* NULL: as it is below */

/* {n} replaced in text. NULL: out of memory or longer than room. */
const char *put_label(struct arena *a, const char *text, const char *label);
const char *repeat_label(const struct node *label, uint64_t i, char number[24]);
uint64_t repeat_count(const struct node *repeat);

/* map_refs.c */
const char *suggest_point(const struct map_builder *b, const char *name); /* as did_you_mean() */
uint32_t find_point(const struct map_builder *b, const struct node *n, const char *name,
                    const char *what); /* NAMES_NONE after a complaint */
bool is_unread(const struct map_builder *b, const char *name); /* and that was told */
bool constant_of(const struct point *p, const char *text, int64_t *out);
bool resolve_references(struct map_builder *b);
bool sort_computed(struct map_builder *b, bool resolved);
bool check_groups(const struct map_builder *b);

/* map_parts_of.c */
bool read_place(const struct map_builder *b, const struct node *at, struct point *p);
bool read_parts(const struct map_builder *b, const struct tag_nodes *n, struct point *p);
uint16_t first_part(const struct point *p);
bool split_mul_from(const struct map_builder *b, const struct node *n, const struct node **tag,
                    const struct node **factors); /* NODE_LOST where they can't be read */
bool read_factors(struct map_builder *b, const struct node *n, const struct point *source,
                  struct point *p); /* source: NULL: not known */
bool read_manners(const struct map_builder *b, const struct tag_nodes *n, struct point *p);
bool check_reads(const struct map_builder *b);
bool check_gaps(const struct map_builder *b);

/* map_example.c */
bool read_examples(struct map_builder *b, const struct node *n);
bool value_of_node(const struct map_builder *b, const struct node *n, struct value *out);

/* map_identity.c */
bool read_identify(const struct map_builder *b, const struct node *n);

/* map_adapt.c: a device's own copy of a map. names: the map's tags. */
struct map_changes {
    const struct node *order, *heartbeat;
};
bool read_heartbeat(const struct reader *r, const struct node *n, const struct map_builder *b,
                    const struct point *points, const struct names *names,
                    struct heartbeat *out); /* b: while the map is read, else NULL */
/* What can be told of them while the map is not known: complaints. */
void check_changes(const struct reader *r, const struct map_changes *changes);
const struct map *map_adapt(const struct reader *r, const struct map *map,
                            const struct names *names, const struct map_changes *changes);

#endif
