/* purebloom.py in C, for machines that had a compiler when actionsd was installed; see there what it does. */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and all that follow */
#include <Python.h>
#include <stdint.h>

enum { KEY_BYTES = 16 };

static uint64_t little_endian(const unsigned char *bytes, int size)
{
    uint64_t number = 0;
    while (size--)
        number = number << 8 | bytes[size];
    return number;
}

static uint64_t two_bits(uint64_t number)
{
    return UINT64_C(1) << (number & 63) | UINT64_C(1) << (number >> 6 & 63);
}

/* For each key, whether all its bits were there, which `adding` sets; `mask` is one less than the number of words. */
static void test(uint64_t *words, uint64_t mask, const unsigned char *key, char *known, Py_ssize_t keys, int adding)
{
    for (; keys--; key += KEY_BYTES) {
        uint64_t *word = &words[little_endian(key, 8) & mask];
        uint64_t bits = two_bits(little_endian(key + 8, 4)) | two_bits(little_endian(key + 12, 4));
        *known++ = (*word & bits) == bits;
        if (adding)
            *word |= bits;
    }
}

static PyObject *answer(PyObject *const *arguments, Py_ssize_t count, int adding)
{
    Py_buffer words;
    PyObject *known = NULL;
    char *keys;
    Py_ssize_t size;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "expected a filter's words and keys, got %zd arguments", count);
    if (PyBytes_AsStringAndSize(arguments[1], &keys, &size) < 0 ||
        PyObject_GetBuffer(arguments[0], &words, PyBUF_WRITABLE) < 0)
        return NULL;
    uint64_t number = (uint64_t)words.len / sizeof(uint64_t);
    if (size % KEY_BYTES || words.len % sizeof(uint64_t) || !number || number & (number - 1))
        PyErr_SetString(PyExc_ValueError, "a filter has 2^n words of 8 bytes, a key 16 bytes");
    else if ((known = PyBytes_FromStringAndSize(NULL, size / KEY_BYTES)))
        test(words.buf, number - 1, (const unsigned char *)keys, PyBytes_AsString(known), size / KEY_BYTES, adding);
    PyBuffer_Release(&words);
    return known;
}

static PyObject *add(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    return answer(arguments, count, 1);
}

static PyObject *has(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    return answer(arguments, count, 0);
}

static PyMethodDef functions[] = {
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, NULL},
    {"has", (PyCFunction)(void (*)(void))has, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_bloom", .m_methods = functions};

PyMODINIT_FUNC PyInit__bloom(void) { return PyModuleDef_Init(&definition); }
