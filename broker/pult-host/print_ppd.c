// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_ppd.h"

#include <stdio.h>

enum { REVISION = 2 }; // raise it with the text below, so that queues of before get the new one

// Points.
static const struct {
    const char *name;
    int width, height;
} sizes[] = {{"A4", 595, 842}, {"A3", 842, 1191}};

enum { MARGIN = 12 };

void print_ppd_model(char model[PRINT_PPD_MODEL_SIZE], const struct host_queue *queue)
{
    snprintf(model, PRINT_PPD_MODEL_SIZE, "Pult %d%s%s%s", REVISION, queue->a3 ? " A3" : "",
             queue->duplex ? " duplex" : "", queue->colour ? " colour" : "");
}

static void begin_option(struct text *ppd, const char *keyword, const char *title, const char *preset)
{
    text_addf(ppd, "*OpenUI *%s/%s: PickOne\n*OrderDependency: 10 AnySetup *%s\n*Default%s: %s\n", keyword, title,
              keyword, keyword, preset);
}

static void end_option(struct text *ppd, const char *keyword)
{
    text_addf(ppd, "*CloseUI: *%s\n", keyword);
}

static void add_media(struct text *ppd, size_t count)
{
    static const char *const keywords[] = {"PageSize", "PageRegion"};
    for (size_t k = 0; k < 2; k++) {
        begin_option(ppd, keywords[k], k ? "Media Region" : "Media Size", sizes[0].name);
        for (size_t i = 0; i < count; i++)
            text_addf(ppd, "*%s %s/%s: \"<</PageSize[%d %d]>>setpagedevice\"\n", keywords[k], sizes[i].name,
                      sizes[i].name, sizes[i].width, sizes[i].height);
        end_option(ppd, keywords[k]);
    }
    text_addf(ppd, "*DefaultImageableArea: %s\n*DefaultPaperDimension: %s\n", sizes[0].name, sizes[0].name);
    for (size_t i = 0; i < count; i++)
        text_addf(ppd, "*ImageableArea %s: \"%d %d %d %d\"\n*PaperDimension %s: \"%d %d\"\n", sizes[i].name, MARGIN,
                  MARGIN, sizes[i].width - MARGIN, sizes[i].height - MARGIN, sizes[i].name, sizes[i].width,
                  sizes[i].height);
}

static void add_duplex(struct text *ppd)
{
    begin_option(ppd, "Duplex", "2-Sided Printing", "None");
    text_adds(ppd, "*Duplex None/Off: \"\"\n*Duplex DuplexNoTumble/Long Edge: \"\"\n"
                   "*Duplex DuplexTumble/Short Edge: \"\"\n");
    end_option(ppd, "Duplex");
}

static void add_colour(struct text *ppd, bool colour)
{
    begin_option(ppd, "ColorModel", "Color Mode", "Gray");
    text_adds(ppd, "*ColorModel Gray/Grayscale: \"\"\n");
    if (colour)
        text_adds(ppd, "*ColorModel RGB/Color: \"\"\n");
    end_option(ppd, "ColorModel");
}

void print_ppd(struct text *ppd, const struct host_queue *queue)
{
    char model[PRINT_PPD_MODEL_SIZE];
    print_ppd_model(model, queue);
    text_adds(ppd, "*PPD-Adobe: \"4.3\"\n*FormatVersion: \"4.3\"\n*FileVersion: \"1.0\"\n*LanguageVersion: English\n"
                   "*LanguageEncoding: ISOLatin1\n*PCFileName: \"PULT.PPD\"\n*Manufacturer: \"Pult\"\n"
                   "*Product: \"(Pult)\"\n*PSVersion: \"(3010.000) 0\"\n*LanguageLevel: \"3\"\n*FileSystem: False\n"
                   "*cupsVersion: 2.4\n*cupsSNMPSupplies: False\n*cupsManualCopies: False\n*DefaultFont: Courier\n"
                   "*Font Courier: Standard \"(1.0)\" Standard ROM\n");
    text_addf(ppd, "*ModelName: \"%s\"\n*ShortNickName: \"%s\"\n*NickName: \"%s\"\n", model, model, model);
    text_addf(ppd, "*ColorDevice: %s\n*DefaultColorSpace: Gray\n", queue->colour ? "True" : "False");
    // Raster that comes is raster that goes: at the same price cupsd would make PDF of it. By these lines a queue has
    // one type of its own; by those that name what comes out it has four, and cupsd compares each with each at every
    // change of a queue.
    text_adds(ppd, "*cupsFilter: \"application/pdf 10 -\"\n"
                   "*cupsFilter: \"image/pwg-raster 0 -\"\n"
                   "*cupsFilter: \"image/urf 0 -\"\n");
    add_media(ppd, queue->a3 ? 2 : 1);
    if (queue->duplex)
        add_duplex(ppd);
    add_colour(ppd, queue->colour);
}
