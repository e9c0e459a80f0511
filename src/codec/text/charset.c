/* SPDX-License-Identifier: Apache-2.0 */
/* One table: a row a label. The labels are those of the WHATWG's Encoding standard (4.2), by letters and digits only,
 * and some that mailers use besides; the names are those of glibc's iconv for what browsers take a label for.
 *
 * The trail bytes of Shift_JIS, Big5, GBK, GB 18030 and UHC can be letters, digits, `\`, `|` and the like, but never
 * one that begins or ends a tag, a value or a reference; so documents in them are cut without decoding. Johab's can be
 * `<`.
 */
#include "codec/text/charset.h"

#define UTF8_BYTES CHARSET_READ_UTF8, CHARSET_ASCII_SAFE, NULL
#define WINDOWS_1252 CHARSET_READ_WINDOWS_1252, CHARSET_ASCII_SAFE, NULL
#define BY_ICONV(name) CHARSET_READ_BY_ICONV, CHARSET_ASCII_SAFE, name
#define ESCAPED(name) CHARSET_READ_BY_ICONV, CHARSET_ESCAPED, name
/* Can be shown, but not cut. */
#define WIDE(name) CHARSET_READ_BY_ICONV, CHARSET_UNSAFE, name
/* Neither: UTF-7 and HZ hide markup in what looks like words, which is nothing to show anybody. */
#define HANDS_OFF CHARSET_READ_NOT, CHARSET_UNSAFE, NULL

struct label {
	struct slice text;
	struct charset charset;
	bool is_beginning; /* whatever follows it */
};

/* The first match wins; the most frequent ones come first. */
static const struct label labels[] = {
    {SLICE("utf8"), {UTF8_BYTES}, false},
    {SLICE("usascii"), {UTF8_BYTES}, false},
    {SLICE("iso88591"), {WINDOWS_1252}, false},
    {SLICE("windows1252"), {WINDOWS_1252}, false},
    {SLICE("ascii"), {UTF8_BYTES}, false},
    {SLICE("unicode11utf8"), {UTF8_BYTES}, false},
    {SLICE("unicode20utf8"), {UTF8_BYTES}, false},
    {SLICE("xunicode20utf8"), {UTF8_BYTES}, false},
    {SLICE("ansix341968"), {UTF8_BYTES}, false},
    {SLICE("cp1252"), {WINDOWS_1252}, false},
    {SLICE("cp819"), {WINDOWS_1252}, false},
    {SLICE("csisolatin1"), {WINDOWS_1252}, false},
    {SLICE("ibm819"), {WINDOWS_1252}, false},
    {SLICE("iso885911987"), {WINDOWS_1252}, false},
    {SLICE("isoir100"), {WINDOWS_1252}, false},
    {SLICE("l1"), {WINDOWS_1252}, false},
    {SLICE("latin1"), {WINDOWS_1252}, false},
    {SLICE("xcp1252"), {WINDOWS_1252}, false},
    {SLICE("big5"), {BY_ICONV("BIG5-HKSCS")}, false},
    {SLICE("big5hkscs"), {BY_ICONV("BIG5-HKSCS")}, false},
    {SLICE("cnbig5"), {BY_ICONV("BIG5-HKSCS")}, false},
    {SLICE("csbig5"), {BY_ICONV("BIG5-HKSCS")}, false},
    {SLICE("xxbig5"), {BY_ICONV("BIG5-HKSCS")}, false},
    {SLICE("cseucpkdfmtjapanese"), {BY_ICONV("EUC-JP-MS")}, false},
    {SLICE("eucjp"), {BY_ICONV("EUC-JP-MS")}, false},
    {SLICE("xeucjp"), {BY_ICONV("EUC-JP-MS")}, false},
    {SLICE("euctw"), {BY_ICONV("EUC-TW")}, false},
    {SLICE("chinese"), {BY_ICONV("GB18030")}, false},
    {SLICE("cp936"), {BY_ICONV("GB18030")}, false},
    {SLICE("csgb2312"), {BY_ICONV("GB18030")}, false},
    {SLICE("csiso58gb231280"), {BY_ICONV("GB18030")}, false},
    {SLICE("euccn"), {BY_ICONV("GB18030")}, false},
    {SLICE("gb18030"), {BY_ICONV("GB18030")}, false},
    {SLICE("gb2312"), {BY_ICONV("GB18030")}, false},
    {SLICE("gb231280"), {BY_ICONV("GB18030")}, false},
    {SLICE("gb2312801980"), {BY_ICONV("GB18030")}, false},
    {SLICE("gbk"), {BY_ICONV("GB18030")}, false},
    {SLICE("isoir58"), {BY_ICONV("GB18030")}, false},
    {SLICE("windows936"), {BY_ICONV("GB18030")}, false},
    {SLICE("xgbk"), {BY_ICONV("GB18030")}, false},
    {SLICE("cp437"), {BY_ICONV("IBM437")}, false},
    {SLICE("ibm437"), {BY_ICONV("IBM437")}, false},
    {SLICE("cp850"), {BY_ICONV("IBM850")}, false},
    {SLICE("ibm850"), {BY_ICONV("IBM850")}, false},
    {SLICE("cp852"), {BY_ICONV("IBM852")}, false},
    {SLICE("ibm852"), {BY_ICONV("IBM852")}, false},
    {SLICE("866"), {BY_ICONV("IBM866")}, false},
    {SLICE("cp866"), {BY_ICONV("IBM866")}, false},
    {SLICE("csibm866"), {BY_ICONV("IBM866")}, false},
    {SLICE("ibm866"), {BY_ICONV("IBM866")}, false},
    {SLICE("csiso2022jp"), {ESCAPED("ISO-2022-JP")}, false},
    {SLICE("iso2022jp"), {ESCAPED("ISO-2022-JP")}, false},
    {SLICE("csisolatin6"), {BY_ICONV("ISO-8859-10")}, false},
    {SLICE("iso885910"), {BY_ICONV("ISO-8859-10")}, false},
    {SLICE("isoir157"), {BY_ICONV("ISO-8859-10")}, false},
    {SLICE("l6"), {BY_ICONV("ISO-8859-10")}, false},
    {SLICE("latin6"), {BY_ICONV("ISO-8859-10")}, false},
    {SLICE("iso885913"), {BY_ICONV("ISO-8859-13")}, false},
    {SLICE("iso885914"), {BY_ICONV("ISO-8859-14")}, false},
    {SLICE("csisolatin9"), {BY_ICONV("ISO-8859-15")}, false},
    {SLICE("iso885915"), {BY_ICONV("ISO-8859-15")}, false},
    {SLICE("l9"), {BY_ICONV("ISO-8859-15")}, false},
    {SLICE("latin9"), {BY_ICONV("ISO-8859-15")}, false},
    {SLICE("iso885916"), {BY_ICONV("ISO-8859-16")}, false},
    {SLICE("csisolatin2"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("iso88592"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("iso885921987"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("isoir101"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("l2"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("latin2"), {BY_ICONV("ISO-8859-2")}, false},
    {SLICE("csisolatin3"), {BY_ICONV("ISO-8859-3")}, false},
    {SLICE("iso88593"), {BY_ICONV("ISO-8859-3")}, false},
    {SLICE("isoir109"), {BY_ICONV("ISO-8859-3")}, false},
    {SLICE("l3"), {BY_ICONV("ISO-8859-3")}, false},
    {SLICE("latin3"), {BY_ICONV("ISO-8859-3")}, false},
    {SLICE("csisolatin4"), {BY_ICONV("ISO-8859-4")}, false},
    {SLICE("iso88594"), {BY_ICONV("ISO-8859-4")}, false},
    {SLICE("isoir110"), {BY_ICONV("ISO-8859-4")}, false},
    {SLICE("l4"), {BY_ICONV("ISO-8859-4")}, false},
    {SLICE("latin4"), {BY_ICONV("ISO-8859-4")}, false},
    {SLICE("csisolatincyrillic"), {BY_ICONV("ISO-8859-5")}, false},
    {SLICE("cyrillic"), {BY_ICONV("ISO-8859-5")}, false},
    {SLICE("iso88595"), {BY_ICONV("ISO-8859-5")}, false},
    {SLICE("iso885951988"), {BY_ICONV("ISO-8859-5")}, false},
    {SLICE("isoir144"), {BY_ICONV("ISO-8859-5")}, false},
    {SLICE("arabic"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("asmo708"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("csiso88596e"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("csiso88596i"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("csisolatinarabic"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("ecma114"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("iso88596"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("iso885961987"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("iso88596e"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("iso88596i"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("isoir127"), {BY_ICONV("ISO-8859-6")}, false},
    {SLICE("csisolatingreek"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("ecma118"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("elot928"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("greek"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("greek8"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("iso88597"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("iso885971987"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("iso885971988"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("isoir126"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("suneugreek"), {BY_ICONV("ISO-8859-7")}, false},
    {SLICE("csiso88598e"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("csiso88598i"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("csisolatinhebrew"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("hebrew"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("iso88598"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("iso885981988"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("iso88598e"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("iso88598i"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("isoir138"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("logical"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("visual"), {BY_ICONV("ISO-8859-8")}, false},
    {SLICE("cp1361"), {HANDS_OFF}, false},
    {SLICE("johab"), {HANDS_OFF}, false},
    {SLICE("cskoi8r"), {BY_ICONV("KOI8-R")}, false},
    {SLICE("koi"), {BY_ICONV("KOI8-R")}, false},
    {SLICE("koi8"), {BY_ICONV("KOI8-R")}, false},
    {SLICE("koi8r"), {BY_ICONV("KOI8-R")}, false},
    {SLICE("koi8ru"), {BY_ICONV("KOI8-U")}, false},
    {SLICE("koi8u"), {BY_ICONV("KOI8-U")}, false},
    {SLICE("csmacintosh"), {BY_ICONV("MACINTOSH")}, false},
    {SLICE("mac"), {BY_ICONV("MACINTOSH")}, false},
    {SLICE("macintosh"), {BY_ICONV("MACINTOSH")}, false},
    {SLICE("xmacroman"), {BY_ICONV("MACINTOSH")}, false},
    {SLICE("xmaccyrillic"), {BY_ICONV("MAC-CYRILLIC")}, false},
    {SLICE("xmacukrainian"), {BY_ICONV("MAC-CYRILLIC")}, false},
    {SLICE("cp932"), {BY_ICONV("CP932")}, false},
    {SLICE("csshiftjis"), {BY_ICONV("CP932")}, false},
    {SLICE("ms932"), {BY_ICONV("CP932")}, false},
    {SLICE("mskanji"), {BY_ICONV("CP932")}, false},
    {SLICE("shiftjis"), {BY_ICONV("CP932")}, false},
    {SLICE("sjis"), {BY_ICONV("CP932")}, false},
    {SLICE("windows31j"), {BY_ICONV("CP932")}, false},
    {SLICE("windows932"), {BY_ICONV("CP932")}, false},
    {SLICE("xsjis"), {BY_ICONV("CP932")}, false},
    {SLICE("tcvn"), {BY_ICONV("TCVN")}, false},
    {SLICE("tcvn5712"), {BY_ICONV("TCVN")}, false},
    {SLICE("tcvn57121"), {BY_ICONV("TCVN")}, false},
    {SLICE("cp949"), {BY_ICONV("UHC")}, false},
    {SLICE("cseuckr"), {BY_ICONV("UHC")}, false},
    {SLICE("csksc56011987"), {BY_ICONV("UHC")}, false},
    {SLICE("euckr"), {BY_ICONV("UHC")}, false},
    {SLICE("isoir149"), {BY_ICONV("UHC")}, false},
    {SLICE("korean"), {BY_ICONV("UHC")}, false},
    {SLICE("ksc5601"), {BY_ICONV("UHC")}, false},
    {SLICE("ksc56011987"), {BY_ICONV("UHC")}, false},
    {SLICE("ksc56011989"), {BY_ICONV("UHC")}, false},
    {SLICE("ksx1001"), {BY_ICONV("UHC")}, false},
    {SLICE("uhc"), {BY_ICONV("UHC")}, false},
    {SLICE("windows949"), {BY_ICONV("UHC")}, false},
    {SLICE("csviscii"), {BY_ICONV("VISCII")}, false},
    {SLICE("viscii"), {BY_ICONV("VISCII")}, false},
    {SLICE("cp1250"), {BY_ICONV("CP1250")}, false},
    {SLICE("windows1250"), {BY_ICONV("CP1250")}, false},
    {SLICE("xcp1250"), {BY_ICONV("CP1250")}, false},
    {SLICE("cp1251"), {BY_ICONV("CP1251")}, false},
    {SLICE("windows1251"), {BY_ICONV("CP1251")}, false},
    {SLICE("xcp1251"), {BY_ICONV("CP1251")}, false},
    {SLICE("cp1253"), {BY_ICONV("CP1253")}, false},
    {SLICE("windows1253"), {BY_ICONV("CP1253")}, false},
    {SLICE("xcp1253"), {BY_ICONV("CP1253")}, false},
    {SLICE("cp1254"), {BY_ICONV("CP1254")}, false},
    {SLICE("csisolatin5"), {BY_ICONV("CP1254")}, false},
    {SLICE("iso88599"), {BY_ICONV("CP1254")}, false},
    {SLICE("iso885991989"), {BY_ICONV("CP1254")}, false},
    {SLICE("isoir148"), {BY_ICONV("CP1254")}, false},
    {SLICE("l5"), {BY_ICONV("CP1254")}, false},
    {SLICE("latin5"), {BY_ICONV("CP1254")}, false},
    {SLICE("windows1254"), {BY_ICONV("CP1254")}, false},
    {SLICE("xcp1254"), {BY_ICONV("CP1254")}, false},
    {SLICE("cp1255"), {BY_ICONV("CP1255")}, false},
    {SLICE("windows1255"), {BY_ICONV("CP1255")}, false},
    {SLICE("xcp1255"), {BY_ICONV("CP1255")}, false},
    {SLICE("cp1256"), {BY_ICONV("CP1256")}, false},
    {SLICE("windows1256"), {BY_ICONV("CP1256")}, false},
    {SLICE("xcp1256"), {BY_ICONV("CP1256")}, false},
    {SLICE("cp1257"), {BY_ICONV("CP1257")}, false},
    {SLICE("windows1257"), {BY_ICONV("CP1257")}, false},
    {SLICE("xcp1257"), {BY_ICONV("CP1257")}, false},
    {SLICE("cp1258"), {BY_ICONV("CP1258")}, false},
    {SLICE("windows1258"), {BY_ICONV("CP1258")}, false},
    {SLICE("xcp1258"), {BY_ICONV("CP1258")}, false},
    {SLICE("dos874"), {BY_ICONV("CP874")}, false},
    {SLICE("iso885911"), {BY_ICONV("CP874")}, false},
    {SLICE("tis620"), {BY_ICONV("CP874")}, false},
    {SLICE("windows874"), {BY_ICONV("CP874")}, false},
    {SLICE("utf16be"), {WIDE("UTF-16BE")}, true},
    {SLICE("utf16le"), {WIDE("UTF-16LE")}, true},
    {SLICE("utf16"), {WIDE("UTF-16")}, true},
    {SLICE("utf32be"), {WIDE("UTF-32BE")}, true},
    {SLICE("utf32le"), {WIDE("UTF-32LE")}, true},
    {SLICE("utf32"), {WIDE("UTF-32")}, true},
    {SLICE("ucs"), {HANDS_OFF}, true},
    {SLICE("iso10646"), {HANDS_OFF}, true},
    {SLICE("unicode"), {HANDS_OFF}, true},
    {SLICE("utf7"), {HANDS_OFF}, true},
    {SLICE("iso2022"), {HANDS_OFF}, true},
    {SLICE("csiso2022"), {HANDS_OFF}, true},
    {SLICE("jis7"), {HANDS_OFF}, true},
    {SLICE("hz"), {HANDS_OFF}, true},
    {SLICE("ebcdic"), {HANDS_OFF}, true},
    {SLICE("ibm037"), {HANDS_OFF}, true},
    {SLICE("cp037"), {HANDS_OFF}, true},
    {SLICE("ibm500"), {HANDS_OFF}, true},
    {SLICE("ibm1047"), {HANDS_OFF}, true},
};

static const struct charset unknown = {CHARSET_READ_NOT, CHARSET_ASCII_SAFE, NULL};

enum { LABEL_MAX = 40 };

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A walk over the table: the labels of nearly all mail are its first rows, and there is one look-up a document. */
const struct charset *charset_of(struct slice label)
{
	char kept[LABEL_MAX];
	size_t n = 0;
	for (size_t i = 0; i < label.n && n < sizeof kept; i++)
		if (is_alphanumeric(label.p[i]))
			kept[n++] = label.p[i];
	struct slice key = slice_of(kept, n);
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		const struct label *row = &labels[i];
		if (slice_starts_with_nocase(key, row->text) && (row->is_beginning || n == row->text.n))
			return &row->charset;
	}
	/* Without a label UTF-8, which by itself falls back to windows-1252 where it is none (charset_decode). */
	return n == 0 ? &labels[0].charset : &unknown;
}

uint32_t charset_windows_1252(uint8_t byte)
{
	/* WHATWG Encoding, index windows-1252, 0x80 to 0x9f. */
	static const uint16_t high[32] = {
	    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
	};
	return byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
}
