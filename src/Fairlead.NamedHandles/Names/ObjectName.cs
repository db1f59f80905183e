using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fairlead.NamedHandles.Names;

/// <summary>
/// The name of a named object, taken apart: the prefix gives the scope, the rest names the object there. Names are compared by character,
/// as the platform compares those of its objects: "Job" and "job" are two.
/// </summary>
/// <param name="Scope">Which processes share the name.</param>
/// <param name="Text">The name without its prefix.</param>
internal readonly record struct ObjectName(ObjectScope Scope, string Text)
{
    /// <summary>The prefix of names that all processes of the machine share.</summary>
    public const string Global = @"Global\";

    /// <summary>The prefix, which may be missing, of names that the processes of a user share.</summary>
    public const string Local = @"Local\";

    // The platform's limit, MAX_PATH.
    private const int LongestName = 260;

    // The longest name of a file, without the ending for the kind.
    private const int LongestFile = 240;

    private const int HashDigits = 64;

    /// <summary>Reads a name.</summary>
    /// <exception cref="ArgumentException">
    /// It is empty after its prefix, too long, or contains a backslash or a null character.
    /// </exception>
    public static ObjectName Parse(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > LongestName)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The name has {name.Length} characters, and {LongestName} are allowed."),
                nameof(name));
        }

        ObjectScope scope = name.StartsWith(Global, StringComparison.Ordinal) ? ObjectScope.Machine : ObjectScope.User;
        string text = scope == ObjectScope.Machine ? name[Global.Length..]
            : name.StartsWith(Local, StringComparison.Ordinal) ? name[Local.Length..]
            : name;
        return text.Length > 0 && !text.AsSpan().ContainsAny('\\', '\0')
            ? new(scope, text)
            : throw new ArgumentException(
                @"A name is not empty, and has no backslash except the one of its prefix: Local\ or Global\.", nameof(name));
    }

    /// <summary>
    /// The name of its file, without an ending: letters, digits, <c>-</c> and <c>_</c> as they are, other bytes of UTF-8 as <c>%</c> and
    /// two digits. Two names have two files; one that would be too long ends in a hash.
    /// </summary>
    public string FileName()
    {
        StringBuilder file = new(Text.Length);
        foreach (byte part in Encoding.UTF8.GetBytes(Text))
        {
            _ = char.IsAsciiLetterOrDigit((char)part) || part is (byte)'-' or (byte)'_'
                ? file.Append((char)part)
                : file.Append(CultureInfo.InvariantCulture, $"%{part:x2}");
        }

        return file.Length <= LongestFile ? file.ToString() : Shortened(file.ToString(), LongestFile - HashDigits - 2, HashDigits);
    }

    /// <summary>Returns the beginning of a file's name, and a hash of this name. No other name of a file contains "%%".</summary>
    /// <param name="file">What <see cref="FileName"/> returned.</param>
    /// <param name="kept">The length of the beginning.</param>
    /// <param name="digits">The hexadecimal digits of the hash: at most 64.</param>
    public string Shortened(string file, int kept, int digits)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
        return $"{file[..kept]}%%{hash[..digits]}";
    }

    /// <inheritdoc/>
    public override string ToString() => Scope == ObjectScope.Machine ? Global + Text : Text;
}
