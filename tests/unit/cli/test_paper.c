/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/paper.h"

enum { FORMATS = 3 };

static const struct column columns[] = {{.title = "Name", .code = true},
                                        {.title = "Says", .width = 40},
                                        {.title = "Size", .number = true}};

/* What one cell becomes. The columns around it are there to see where it ends. */
static char *cell(enum paper_format format, const char *text)
{
    char *out = NULL;
    size_t length = 0;
    struct paper p = {.out = open_memstream(&out, &length), .format = format};
    assert_non_null(p.out);
    paper_table(&p, columns, 3);
    long from = ftell(p.out);
    paper_cell(&p, "%s", "a");
    paper_cell(&p, "%s", text);
    paper_number(&p, -1.5);
    paper_table_end(&p);
    fclose(p.out);
    memmove(out, out + from, length - (size_t)from + 1);
    return out;
}

static void what_people_wrote_stays_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *in[FORMATS]; /* Markdown, CSV, HTML */
    } cases[] = {
        {"plain", {"plain", "plain", "plain"}},
        {"a|b", {"a\\|b", "a|b", "a|b"}},
        {"a\\|b", {"a\\\\\\|b", "a\\|b", "a\\|b"}},
        {"`x` *y* [z](u)", {"\\`x\\` \\*y\\* \\[z\\](u)", "`x` *y* [z](u)", "`x` *y* [z](u)"}},
        {"<script>alert('1')</script>",
         {"&lt;script&gt;alert('1')&lt;/script&gt;", "<script>alert('1')</script>",
          "&lt;script&gt;alert(&#39;1&#39;)&lt;/<wbr>script&gt;"}},
        {"a & \"b\"", {"a &amp; \"b\"", "a & \"\"b\"\"", "a &amp; &quot;b&quot;"}},
        {"in_side _slanted_",
         {"in_side \\_slanted\\_", "in_side _slanted_", "in_<wbr>side _<wbr>slanted_<wbr>"}},
        {"$x$ ~y~ !z", {"\\$x\\$ \\~y\\~ \\!z", "$x$ ~y~ !z", "$x$ ~y~ !z"}},
        {"one\ntwo", {"one<br>two", "one; two", "one<br>two"}},
        {"=1+1", {"\\=1+1", "'=1+1", "=1+1"}},
        {"  =1+1", {"\\=1+1", "'  =1+1", "  =1+1"}},
        {"+cmd|' /C calc'!A0",
         {"\\+cmd\\|' /C calc'\\!A0", "'+cmd|' /C calc'!A0", "+cmd|&#39; /<wbr>C calc&#39;!A0"}},
        {"-2+3", {"\\-2+3", "'-2+3", "-2+3"}},
        {"-50", {"\\-50", "-50", "-50"}},
        {"-50 .. 50", {"\\-50 .. 50", "'-50 .. 50", "-50 .. 50"}},
        {"@sum(a1)", {"@sum(a1)", "'@sum(a1)", "@sum(a1)"}},
        {"\tx", {"x", "' x", " x"}},
        {"\xEF\xBC\x9D"
         "1",
         {"\xEF\xBC\x9D"
          "1",
          "'\xEF\xBC\x9D"
          "1",
          "\xEF\xBC\x9D"
          "1"}},
        {"# head", {"\\# head", "# head", "# head"}},
        {"12. July", {"12\\. July", "12. July", "12. July"}},
        {"12.5", {"12.5", "12.5", "12.5"}},
        {"a\x1b[31mb", {"a\xEF\xBF\xBD\\[31mb", "a\xEF\xBF\xBD[31mb", "a\xEF\xBF\xBD[31mb"}},
        {"a\rb",
         {"a\xEF\xBF\xBD"
          "b",
          "a\xEF\xBF\xBD"
          "b",
          "a\xEF\xBF\xBD"
          "b"}},
        {"x\xE2\x80\xAEy", {"x\xEF\xBF\xBDy", "x\xEF\xBF\xBDy", "x\xEF\xBF\xBDy"}},
        {"\xC3\xA9t\xC3\xA9", {"\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"}},
        {"\xF0\x9F\x92\xA7", {"\xF0\x9F\x92\xA7", "\xF0\x9F\x92\xA7", "\xF0\x9F\x92\xA7"}},
        {"cut \xC3", {"cut \xEF\xBF\xBD", "cut \xEF\xBF\xBD", "cut \xEF\xBF\xBD"}},
        {"\xED\xA0\x80",
         {"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
          "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}},
        {"\xC0\xAF",
         {"\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"}},
        {"", {"", "", ""}},
    };
    static const char *const around[FORMATS][2] = {
        {"| a | ", " | \\-1.5 |\n"},
        {"\"a\",\"", "\",\"-1.5\"\r\n"},
        {"<tr><td class=\"c\">a</td><td>",
         "</td><td class=\"n\">-1.5</td></tr>\n</tbody>\n</table>\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned f = 0; f < FORMATS; f++) {
            char wanted[512], *is = cell((enum paper_format)f, cases[i].text);
            snprintf(wanted, sizeof wanted, "%s%s%s", around[f][0], cases[i].in[f], around[f][1]);
            assert_string_equal(is, wanted);
            free(is);
        }
}

static void a_cell_grows_and_rows_end_by_themselves(void **state)
{
    (void)state;
    char *out = NULL;
    size_t length = 0;
    struct paper p = {.out = open_memstream(&out, &length), .format = PAPER_CSV};
    paper_begin(&p, "Title", "below");
    paper_chapter(&p, "C");
    paper_say(&p, "%s", "nobody reads this");
    paper_table(&p, columns, 3);
    paper_cell(&p, "%s", "");
    paper_more(&p, "%s", "=1");
    paper_more(&p, "%s", "\n=2");
    paper_cell(&p, "%d", 5);
    paper_number(&p, (double)NAN);
    paper_cell(&p, "%s", "last");
    paper_table_end(&p);
    assert_true(paper_end(&p));
    fclose(p.out);
    assert_string_equal(out, "\"Name\",\"Says\",\"Size\"\r\n\"'=1; =2\",\"5\",\"\"\r\n"
                             "\"last\",\"\",\"\"\r\n");
    free(out);
}

static void sentences_begin_no_list_and_no_heading(void **state)
{
    (void)state;
    char *out = NULL;
    size_t length = 0;
    struct paper p = {.out = open_memstream(&out, &length), .format = PAPER_MARKDOWN};
    paper_begin(&p, "# 1", "- 2");
    paper_heading(&p, "+ 3");
    paper_say(&p, "%s", "    4) code?");
    assert_true(paper_end(&p));
    fclose(p.out);
    assert_string_equal(out, "# \\# 1\n\n\\- 2\n\n### \\+ 3\n\n4\\) code?\n");
    free(out);
}

static void a_file_is_whole_or_stays_as_it_was(void **state)
{
    (void)state;
    char folder[] = "/tmp/headgate-paper-XXXXXX", file[64], text[16] = "";
    struct sheet s;
    struct stat is;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/list", folder);
    assert_true(sheet_open(&s, file, "/nothing"));
    fputs("first", s.out);
    assert_int_equal(stat(file, &is), -1);
    assert_true(sheet_close(&s, true));
    assert_true(sheet_open(&s, file, "/nothing"));
    fputs("second", s.out);
    assert_false(sheet_close(&s, false));
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "first");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_false(sheet_open(&s, file, "/nothing"));
}

static void a_pipe_is_written_to_and_a_link_stays_one(void **state)
{
    (void)state;
    char folder[] = "/tmp/headgate-paper-XXXXXX", file[64], text[16] = "";
    struct sheet s;
    struct stat is;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/pipe", folder);
    assert_int_equal(mkfifo(file, 0600), 0);
    int reader = open(file, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0 && sheet_open(&s, file, "/nothing"));
    fputs("through", s.out);
    assert_true(sheet_close(&s, true));
    assert_int_equal(read(reader, text, sizeof text), 7);
    assert_true(stat(file, &is) == 0 && S_ISFIFO(is.st_mode));
    close(reader);
    unlink(file);

    char link[64];
    snprintf(link, sizeof link, "%s/link", folder);
    fclose(fopen(file, "w"));
    assert_int_equal(symlink(file, link), 0);
    assert_true(sheet_open(&s, link, "/nothing"));
    fputs("behind", s.out);
    assert_true(sheet_close(&s, true));
    assert_true(lstat(link, &is) == 0 && S_ISLNK(is.st_mode));
    assert_true(stat(file, &is) == 0 && is.st_size == 6);
    unlink(link);
    unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

static void what_is_read_is_not_replaced(void **state)
{
    (void)state;
    char folder[] = "/tmp/headgate-paper-XXXXXX", file[64], link[64];
    struct sheet s;
    struct stat is;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/plant.yaml", folder);
    snprintf(link, sizeof link, "%s/link", folder);
    FILE *f = fopen(file, "w");
    fputs("format: 1\n", f);
    fclose(f);
    assert_int_equal(symlink(file, link), 0);
    assert_false(sheet_open(&s, file, file));
    assert_false(sheet_open(&s, link, file));
    assert_false(sheet_open(&s, file, link));
    assert_true(stat(file, &is) == 0 && is.st_size == 10);
    unlink(link);
    unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct paper p = {.out = full, .format = PAPER_HTML};
    paper_begin(&p, "t", "b");
    assert_false(paper_end(&p));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_wrote_stays_words),
        cmocka_unit_test(a_cell_grows_and_rows_end_by_themselves),
        cmocka_unit_test(sentences_begin_no_list_and_no_heading),
        cmocka_unit_test(a_file_is_whole_or_stays_as_it_was),
        cmocka_unit_test(a_pipe_is_written_to_and_a_link_stays_one),
        cmocka_unit_test(what_is_read_is_not_replaced),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
