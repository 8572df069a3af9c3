/* SPDX-License-Identifier: Apache-2.0 */
/* How words are made harmless in each format. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "cli/paper.h"

/* ---- HTML -------------------------------------------------------------------------------------
 */

void paper_html_text(FILE *out, const char *s)
{
    char sign[8];
    while (*s) {
        s += paper_sign(s, sign);
        switch (*sign) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        case '\n':
            fputs("<br>", out);
            break;
        case '/':
        case '_':
            fprintf(out, "%s<wbr>", sign); /* paths and names may be parted here */
            break;
        default:
            fputs(sign, out);
        }
    }
}

/* Headings of tables are repeated on each page; a row stays whole; an area begins a page. The
 * policy lets nothing be loaded and nothing be run, whatever slipped in. */
static const char style[] =
    "@page{size:A4 landscape;margin:12mm 11mm 14mm}\n"
    "@page{@bottom-right{content:counter(page) \" / \" counter(pages);font:7pt sans-serif}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:8pt/1.3 'Liberation Sans',Arial,Helvetica,sans-serif;color:#111;margin:0 auto;"
    "max-width:277mm;padding:0}\n"
    "h1{font-size:17pt;margin:0;padding-bottom:1mm}\n"
    ".below{border-top:.6mm solid #111;border-bottom:.2mm solid #111;padding:1mm 0;margin:0 0 "
    "5mm}\n"
    "h2{font-size:13pt;margin:9mm 0 2mm;border-bottom:.4mm solid #111;break-before:page;"
    "break-after:avoid}\n"
    "h3{font-size:9.5pt;margin:5mm 0 1mm;break-after:avoid}\n"
    "p{margin:0 0 1mm;break-after:avoid;overflow-wrap:anywhere}\n"
    "table{border-collapse:separate;border-spacing:0;width:100%;margin:1mm 0 0;table-layout:fixed;"
    "font-size:7pt}\n"
    "thead{display:table-header-group}\n"
    "tr{break-inside:avoid}\n"
    "th,td{border:solid #888;border-width:0 .15mm .15mm 0;padding:.4mm 1mm;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere;unicode-bidi:isolate}\n"
    "th{background:#e8e8e8;font-weight:bold;overflow-wrap:normal;border-top-width:.15mm}\n"
    "th:first-child,td:first-child{border-left-width:.15mm}\n"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td.c{font-family:'Liberation Mono','DejaVu Sans Mono',Consolas,monospace;font-size:6.6pt}\n"
    "@media screen{body{padding:6mm;font-size:10pt}table{font-size:9pt}td.c{font-size:8.5pt}}\n"
    "@media print{h2{margin-top:0}th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";

void paper_html_begin(FILE *out, const char *title, const char *below)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          out);
    paper_html_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    paper_html_text(out, title);
    fputs("</h1>\n<p class=\"below\">", out);
    paper_html_text(out, below);
    fputs("</p>\n", out);
}

/* ---- Markdown ---------------------------------------------------------------------------------
 */

/* A low line between letters is one; elsewhere it begins to slant what follows. */
static bool special(char before, const char *sign, char after)
{
    if (*sign == '_')
        return !isalnum((unsigned char)before) || !isalnum((unsigned char)after);
    return *sign != 0 && strchr("\\`*[]|~$!", *sign) != NULL;
}

/* Where a text begins, these would make it a list, a heading or a line. */
static const char *block(FILE *out, const char *s)
{
    while (*s == ' ' || *s == '\t' || *s == '\n')
        s++;
    size_t digits = strspn(s, "0123456789");
    if (*s == '#' || *s == '+' || *s == '-' || *s == '=') {
        fputc('\\', out);
    } else if (digits > 0 && (s[digits] == '.' || s[digits] == ')') &&
               (s[digits + 1] == ' ' || s[digits + 1] == 0)) {
        fprintf(out, "%.*s\\", (int)digits, s);
        s += digits;
    }
    return s;
}

void paper_markdown_text(FILE *out, const char *s, bool first)
{
    char sign[8], before = ' ';
    if (first)
        s = block(out, s);
    while (*s) {
        s += paper_sign(s, sign);
        if (*sign == '&')
            fputs("&amp;", out);
        else if (*sign == '<')
            fputs("&lt;", out);
        else if (*sign == '>')
            fputs("&gt;", out);
        else if (*sign == '\n')
            fputs("<br>", out);
        else
            fprintf(out, "%s%s", special(before, sign, *s) ? "\\" : "", sign);
        before = *sign;
    }
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

/* Programs that calculate take a cell that begins so for a formula; a full-width sign as well. */
static bool formula(const char *s)
{
    static const char *const begins[] = {"=",
                                         "+",
                                         "-",
                                         "@",
                                         "\t",
                                         "\r",
                                         "\n",
                                         "\xEF\xBC\x9D",
                                         "\xEF\xBC\x8B",
                                         "\xEF\xBC\x8D",
                                         "\xEF\xBC\xA0"};
    double number;
    s += strspn(s, " ");
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(s, begins[i], strlen(begins[i])) == 0)
            return !text_to_real(s, &number);
    return false;
}

void paper_csv_text(FILE *out, const char *s, bool first, bool number)
{
    char sign[8];
    if (first && !number && formula(s))
        fputc('\'', out);
    while (*s) {
        s += paper_sign(s, sign);
        if (*sign == '"')
            fputs("\"\"", out);
        else if (*sign == '\n')
            fputs("; ", out);
        else
            fputs(sign, out);
    }
}
