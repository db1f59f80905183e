using System.Buffers;
using System.Text;

namespace Fairlead;

/// <summary>Encodes and decodes percent escapes, and formats addresses for display.</summary>
internal static class AddressText
{
    /// <summary>The characters to escape in a place, which would otherwise end it.</summary>
    public const string PlaceSpecials = "%?#";

    /// <summary>The characters to escape in an option.</summary>
    public const string OptionSpecials = "%?#&=";

    /// <summary>The characters that stay escaped in a broker's place, where they separate hosts, credentials and virtual host.</summary>
    public const string BrokerSpecials = "%?#/:@,";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Escapes the specials, spaces and control characters; other characters stay readable.</summary>
    public static string Escape(string text, string specials)
    {
        StringBuilder? escaped = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (!specials.Contains(c) && !char.IsControl(c) && !char.IsWhiteSpace(c))
            {
                escaped?.Append(c);
                continue;
            }

            escaped ??= new StringBuilder(text, 0, i, text.Length + 8);
            AppendEscaped(escaped, c);
        }

        return escaped?.ToString() ?? text;
    }

    /// <summary>Decodes percent escapes. Returns null and the problem if the text is not valid UTF-8 with complete escapes.</summary>
    public static string? Unescape(string text, out string problem)
    {
        problem = "";
        if (!IsWellFormed(text))
        {
            problem = "it is not valid Unicode text";
            return null;
        }

        if (!text.Contains('%'))
        {
            return text.Contains('\0') ? Refuse("it contains a NUL character", out problem) : text;
        }

        var bytes = new ArrayBufferWriter<byte>(text.Length * 3);
        for (var i = 0; i < text.Length;)
        {
            if (text[i] != '%')
            {
                var end = text.IndexOf('%', i);
                var plain = text.AsSpan(i, (end < 0 ? text.Length : end) - i);
                Encoding.UTF8.GetBytes(plain, bytes);
                i += plain.Length;
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                return Refuse("two hexadecimal digits must follow a '%'; write %25 for the percent sign itself", out problem);
            }

            bytes.GetSpan(1)[0] = (byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
            bytes.Advance(1);
            i += 3;
        }

        try
        {
            var result = Strict.GetString(bytes.WrittenSpan);
            return result.Contains('\0') ? Refuse("it contains a NUL character", out problem) : result;
        }
        catch (DecoderFallbackException)
        {
            return Refuse("its percent escapes are not UTF-8", out problem);
        }
    }

    /// <summary>Returns a broker's place in one spelling: decodes escapes that separate nothing, and keeps the others.</summary>
    public static string NormalizeBroker(string text)
    {
        var normal = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            // A run of escapes is one piece of UTF-8, so decode it as a whole.
            var end = i;
            while (end < text.Length && text[end] == '%')
            {
                end += 3;
            }

            if (end == i)
            {
                normal.Append(Escape(text[i].ToString(), PlaceSpecials));
                i++;
                continue;
            }

            normal.Append(Escape(Unescape(text[i..end], out _) ?? text[i..end], BrokerSpecials));
            i = end;
        }

        return normal.ToString();
    }

    /// <summary>Returns the text for messages: one line, without terminal control characters and without a password.</summary>
    public static string Display(string text) => Passwords.HideInAddress(PlainText.OneLine(text));

    private static void AppendEscaped(StringBuilder target, char c)
    {
        // Specials, spaces and control characters all lie in the basic plane, where each character is a whole code point.
        Span<byte> utf8 = stackalloc byte[4];
        ReadOnlySpan<char> one = [c];
        foreach (var b in utf8[..Encoding.UTF8.GetBytes(one, utf8)])
        {
            target.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return false;
            }

            i++;
        }

        return true;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static string? Refuse(string reason, out string problem)
    {
        problem = reason;
        return null;
    }
}
