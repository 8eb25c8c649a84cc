// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/cleanpath.h"
#include "broker/base/mem.h"
#include "broker/pult-gateway/byte_span.h"

#include <assert.h>
#include <string.h>

enum {
    VERSION = 3390,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_UTF8 = 0x0c,
    TAG_SEQUENCE = 0x30,
    TAG_FIELD = 0xa0, // and its number
    NUMBER_BITS = 0x1f,
    DER_SHORT_MAX = 0x7f,
    DER_HEAD_MAX = 4,
};

enum cleanpath_field {
    FIELD_VERSION,
    FIELD_ERROR,
    FIELD_DESTINATION,
    FIELD_PROXY_AUTH,
    FIELD_RDP_PACKET = 6,
    FIELD_CERTIFICATES = 7,
    FIELD_SERVER_ADDRESS = 9,
};

enum cleanpath_error_field { ERROR_CODE, ERROR_HTTP_STATUS, ERROR_SOCKET, ERROR_TLS_ALERT };
enum cleanpath_error { ERROR_GENERAL = 1, ERROR_NEGOTIATION = 2 };

// ---- what the client says

static bool is_version(struct byte_span *field)
{
    static const unsigned char right[] = {VERSION >> 8, VERSION & 0xff};
    struct byte_span number;
    return byte_span_element(field, TAG_INTEGER, &number) && number.left == sizeof right &&
           memcmp(number.at, right, sizeof right) == 0;
}

static bool read_token(struct cleanpath_request *request, struct byte_span *field)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct byte_span text;
    if (!byte_span_element(field, TAG_UTF8, &text))
        return false;
    if (text.left != sizeof request->token - 1)
        return true;
    memcpy(request->token, text.at, text.left);
    request->token[text.left] = 0;
    if (strspn(request->token, letters) != text.left)
        explicit_bzero(request->token, sizeof request->token);
    return true;
}

static bool read_rdp_request(struct cleanpath_request *request, struct byte_span *field)
{
    struct byte_span packet;
    if (!byte_span_element(field, TAG_OCTETS, &packet) || !packet.left)
        return false;
    request->rdp_request = packet.at;
    request->rdp_request_length = packet.left;
    return true;
}

// A field that is passed over may hold anything; the others hold one thing.
static bool read_field(struct cleanpath_request *request, unsigned number, struct byte_span field)
{
    if (number == FIELD_VERSION)
        return is_version(&field) && !field.left;
    if (number == FIELD_PROXY_AUTH)
        return read_token(request, &field) && !field.left;
    return number != FIELD_RDP_PACKET || (read_rdp_request(request, &field) && !field.left);
}

// The numbers of the fields rise, so none is there twice.
static bool read_fields(struct cleanpath_request *request, struct byte_span fields)
{
    uint32_t seen = 0;
    while (fields.left) {
        struct byte_span field;
        unsigned tag = fields.at[0], number = tag & NUMBER_BITS;
        if ((tag & ~(unsigned)NUMBER_BITS) != TAG_FIELD || seen >> number)
            return false;
        if (!byte_span_element(&fields, tag, &field) || !read_field(request, number, field))
            return false;
        seen |= 1u << number;
    }
    return seen & 1u << FIELD_VERSION && seen & 1u << FIELD_DESTINATION && request->rdp_request;
}

enum cleanpath_answer cleanpath_read(struct cleanpath_request *request, const unsigned char *bytes, size_t length,
                                     size_t *wanted)
{
    struct byte_span all = {bytes, length}, fields;
    *request = (struct cleanpath_request){0};
    *wanted = length && bytes[0] != TAG_SEQUENCE ? 0 : byte_span_element_size(bytes, length);
    if (*wanted == 0 || *wanted > CLEANPATH_REQUEST_MAX) {
        *wanted = 0;
        return CLEANPATH_WRONG;
    }
    if (*wanted > length)
        return CLEANPATH_PARTIAL;
    if (byte_span_element(&all, TAG_SEQUENCE, &fields) && read_fields(request, fields))
        return CLEANPATH_REQUEST;
    explicit_bzero(request, sizeof *request);
    return CLEANPATH_WRONG;
}

// ---- what it is told

static void add_element(struct text *out, unsigned tag, const void *content, size_t length)
{
    unsigned char head[DER_HEAD_MAX] = {(unsigned char)tag};
    size_t size = 1;
    assert(length <= UINT16_MAX);
    if (length > UINT8_MAX) {
        head[size++] = 0x82;
        head[size++] = (unsigned char)(length >> 8);
    } else if (length > DER_SHORT_MAX) {
        head[size++] = 0x81;
    }
    head[size++] = (unsigned char)length;
    text_add(out, (const char *)head, size);
    text_add(out, content, length);
}

static void add_field(struct text *out, unsigned field, unsigned tag, const void *content, size_t length)
{
    owned(text) struct text element = {0};
    add_element(&element, tag, content, length);
    add_element(out, TAG_FIELD | field, element.bytes, element.length);
}

// As short as it can be, and not negative.
static void add_number(struct text *out, unsigned field, int number)
{
    const unsigned char bytes[] = {0, (unsigned char)(number >> 8), (unsigned char)number};
    size_t skip = number < 0x80 ? 2 : number < 0x8000 ? 1 : 0;
    assert(number >= 0 && number <= UINT16_MAX);
    add_field(out, field, TAG_INTEGER, bytes + skip, sizeof bytes - skip);
}

void cleanpath_write_response(struct text *out, const unsigned char *confirm, size_t confirm_length,
                              const unsigned char *certificate, size_t certificate_length)
{
    // The client knows a response by an address in it, and does nothing with that.
    static const char nowhere[] = "session-host";
    owned(text) struct text fields = {0}, chain = {0};
    add_number(&fields, FIELD_VERSION, VERSION);
    add_field(&fields, FIELD_RDP_PACKET, TAG_OCTETS, confirm, confirm_length);
    add_element(&chain, TAG_OCTETS, certificate, certificate_length);
    add_field(&fields, FIELD_CERTIFICATES, TAG_SEQUENCE, chain.bytes, chain.length);
    add_field(&fields, FIELD_SERVER_ADDRESS, TAG_UTF8, nowhere, sizeof nowhere - 1);
    add_element(out, TAG_SEQUENCE, fields.bytes, fields.length);
}

void cleanpath_write_failure(struct text *out, const struct cleanpath_failure *failure)
{
    owned(text) struct text fields = {0}, error = {0};
    add_number(&error, ERROR_CODE, failure->confirm ? ERROR_NEGOTIATION : ERROR_GENERAL);
    if (failure->http_status)
        add_number(&error, ERROR_HTTP_STATUS, failure->http_status);
    if (failure->socket_error)
        add_number(&error, ERROR_SOCKET, failure->socket_error);
    if (failure->tls_alert)
        add_number(&error, ERROR_TLS_ALERT, failure->tls_alert);
    add_number(&fields, FIELD_VERSION, VERSION);
    add_field(&fields, FIELD_ERROR, TAG_SEQUENCE, error.bytes, error.length);
    if (failure->confirm)
        add_field(&fields, FIELD_RDP_PACKET, TAG_OCTETS, failure->confirm, failure->confirm_length);
    add_element(out, TAG_SEQUENCE, fields.bytes, fields.length);
}
