/* The three questions of scan.py in C, for machines that had a compiler when actionsd was installed. scan.py says what
   they mean, purescan.py answers them elsewhere, and tests/sdk/test_scan.py holds both to the same answers.

   All take bytes. CPython keeps a NUL behind the text of a bytes object, so that looking one byte ahead is safe, and a
   loop that stops at a NUL stops. No memory is allocated and nothing is kept. */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and all that follow */
#include <Python.h>
#include <stdint.h>
#include <string.h>

typedef const unsigned char *Text;

static int is_digit(unsigned char byte) { return byte >= '0' && byte <= '9'; }

/* UTF-8 */

static Text after_ascii(Text at, Text end)
{
    uint64_t eight;
    while (end - at >= 8) {
        memcpy(&eight, at, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
        at += 8;
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

/* Behind a character of two to four bytes, NULL where there is none (The Unicode Standard, table 3-7). */
static Text after_character(Text at, Text end)
{
    unsigned char first = *at, least = 0x80, most = 0xBF;
    Py_ssize_t size;
    if (first >= 0xC2 && first <= 0xDF)
        size = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        size = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        size = 4;
    else
        return NULL;
    if (first == 0xE0)
        least = 0xA0;
    else if (first == 0xED)
        most = 0x9F;
    else if (first == 0xF0)
        least = 0x90;
    else if (first == 0xF4)
        most = 0x8F;
    if (end - at < size || at[1] < least || at[1] > most)
        return NULL;
    for (Text next = at + 2; next < at + size; next++)
        if (*next < 0x80 || *next > 0xBF)
            return NULL;
    return at + size;
}

static int utf8(Text at, Text end)
{
    while ((at = after_ascii(at, end)) < end)
        if (!(at = after_character(at, end)))
            return 0;
    return 1;
}

/* Depth */

/* Behind the quote that ends a string, or `end`; `at` is behind the one that begins it. */
static Text after_string(Text at, Text end)
{
    static const unsigned char stops[256] = {['"'] = 1, ['\\'] = 1, ['\0'] = 1};
    while (at < end) {
        while (!stops[*at])
            at++;
        if (*at == '"')
            return at < end ? at + 1 : end;
        at += *at == '\\' ? 2 : 1;
    }
    return end;
}

/* How many brackets open, those in strings included. In pieces whose count fits a byte, which compilers make vectors of. */
static Py_ssize_t openers(Text at, Text end)
{
    Py_ssize_t all = 0;
    while (at < end) {
        Py_ssize_t size = end - at < 128 ? end - at : 128;
        unsigned char some = 0;
        for (Py_ssize_t index = 0; index < size; index++)
            some += (at[index] | ('{' - '[')) == '{';
        all += some;
        at += size;
    }
    return all;
}

static int deep(Text at, Text end, Py_ssize_t levels)
{
    Py_ssize_t depth = 0;
    if (openers(at, end) <= levels)
        return 0;
    while (at < end) {
        unsigned char byte = *at++;
        if (byte == '"')
            at = after_string(at, end);
        else if ((byte == '[' || byte == '{') && ++depth > levels)
            return 1;
        else if ((byte == ']' || byte == '}') && depth > 0)
            depth--;
    }
    return 0;
}

/* JavaScript's spelling */

enum { MAX_DEPTH = 1024 }; /* msgspec gives up before that; what is deeper is said not to be plain */
#define NAMES UINT32_MAX /* no array index may follow: a member with another name was there */

/* Whether the member that is named from `at` to `end` may stand where it does; `least` is the least array index that
   still may, which the name changes. */
static int in_order(Text at, Text end, uint32_t *least)
{
    uint64_t index = 0;
    Py_ssize_t size = end - at;
    if (size < 1 || size > 10 || (*at == '0' && size > 1))
        index = NAMES;
    for (; at < end && index != NAMES; at++)
        index = is_digit(*at) ? 10 * index + (*at - '0') : NAMES;
    if (index >= NAMES) { /* ECMA-262, "array index" */
        *least = NAMES;
        return 1;
    }
    if (index < *least)
        return 0;
    *least = (uint32_t)index;
    return 1;
}

/* Behind a number, NULL where JavaScript writes it otherwise; `at` is behind its sign. */
static Text after_number(Text at)
{
    Text start = at;
    while (is_digit(*at))
        at++;
    if (*at == '.') {
        Text fraction = ++at;
        while (is_digit(*at))
            at++;
        if (at - fraction == 1 && *fraction == '0')
            return NULL;
    } else if (at - start > 16 || (at - start == 16 && memcmp(start, "9007199254740992", 16) > 0)) { /* 2^53 */
        return NULL;
    }
    return *at == 'e' || *at == 'E' ? NULL : at;
}

static int plain(Text at, Text end)
{
    uint32_t least[MAX_DEPTH]; /* for each object around, see in_order */
    int depth = 0;
    least[0] = 0;
    while (at < end) {
        unsigned char byte = *at;
        if (byte == '"') {
            Text text = at + 1;
            at = after_string(text, end);
            if (*at == ':' && !in_order(text, at - 1, &least[depth]))
                return 0;
        } else if (is_digit(byte)) {
            if (!(at = after_number(at)))
                return 0;
        } else {
            if (byte == '{' || byte == '[') {
                if (++depth == MAX_DEPTH)
                    return 0;
                least[depth] = 0;
            } else if ((byte == '}' || byte == ']') && depth > 0) {
                depth--;
            }
            at++;
        }
    }
    return 1;
}

/* Python's side */

static int as_text(PyObject *value, Text *at, Text *end)
{
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(value, &bytes, &size) < 0)
        return 0;
    *at = (Text)bytes;
    *end = *at + size;
    return 1;
}

static PyObject *is_utf8(PyObject *Py_UNUSED(module), PyObject *value)
{
    Text at, end;
    return as_text(value, &at, &end) ? PyBool_FromLong(utf8(at, end)) : NULL;
}

static PyObject *is_plain(PyObject *Py_UNUSED(module), PyObject *value)
{
    Text at, end;
    return as_text(value, &at, &end) ? PyBool_FromLong(plain(at, end)) : NULL;
}

static PyObject *is_deeper(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    Text at, end;
    Py_ssize_t levels;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "is_deeper takes a text and a number of levels, not %zd arguments", count);
    levels = PyLong_AsSsize_t(arguments[1]);
    if (PyErr_Occurred() || !as_text(arguments[0], &at, &end))
        return NULL;
    return PyBool_FromLong(deep(at, end, levels));
}

static PyMethodDef functions[] = {
    {"is_utf8", is_utf8, METH_O, NULL},
    {"is_plain", is_plain, METH_O, NULL},
    {"is_deeper", (PyCFunction)(void (*)(void))is_deeper, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_scan", .m_methods = functions};

PyMODINIT_FUNC PyInit__scan(void) { return PyModuleDef_Init(&definition); }
