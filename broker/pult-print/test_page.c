// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/test_page.h"
#include "broker/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { OBJECTS = 5, LEFT = 72, TOP = 740, LINE = 28 };

// As a string of PDF in Latin-1, which its built-in letters have (ISO 32000-1 section 7.3.4.2); others become "?".
static void add_line(struct text *content, int *y, int size, const char *words)
{
    uint32_t character;
    text_addf(content, "BT /F1 %d Tf %d %d Td (", size, LEFT, *y);
    for (size_t left = strlen(words), length; left > 0; words += length, left -= length) {
        length = text_character(words, left, &character);
        if (length == 0) {
            length = 1;
            character = '?';
        }
        text_addf(content, "\\%03o", character < 0x100 ? (unsigned)character : (unsigned)'?');
    }
    text_adds(content, ") Tj ET\n");
    *y -= LINE;
}

void test_page_print(struct text *pdf, const char *printer, const char *place, int64_t now_ms)
{
    struct text content = {0};
    char when[CLOCK_TEXT_SIZE];
    size_t at[OBJECTS];
    int y = TOP;
    clock_text(when, now_ms);
    add_line(&content, &y, 24, "Pult: test page");
    add_line(&content, &y, 14, printer);
    if (*place)
        add_line(&content, &y, 14, place);
    add_line(&content, &y, 14, when);
    text_adds(pdf, "%PDF-1.4\n");
    at[0] = pdf->length;
    text_adds(pdf, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    at[1] = pdf->length;
    text_adds(pdf, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    at[2] = pdf->length;
    text_adds(pdf, "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                   "/Resources << /Font << /F1 5 0 R >> >> >>\nendobj\n");
    at[3] = pdf->length;
    text_addf(pdf, "4 0 obj\n<< /Length %zu >>\nstream\n%sendstream\nendobj\n", content.length, content.bytes);
    at[4] = pdf->length;
    text_adds(pdf,
              "5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>\nendobj\n");
    size_t table = pdf->length;
    text_addf(pdf, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (size_t i = 0; i < OBJECTS; i++)
        text_addf(pdf, "%010zu 00000 n \n", at[i]);
    text_addf(pdf, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", OBJECTS + 1, table);
    text_drop(&content);
}
