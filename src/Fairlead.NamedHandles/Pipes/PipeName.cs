using System.Globalization;
using Fairlead.NamedHandles.Names;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// The name of a pipe. A plain name is compared without regard to case, and stands for files of the user's runtime directory. An absolute
/// path stands for the socket at that path, where the pipes of the platform on Linux are.
/// </summary>
internal sealed class PipeName
{
    // The platform's limit for \\.\pipe\NAME.
    private const int LongestName = 256;

    // So that the name of a socket fits into an address beside the number of an open directory.
    private const int LongestStem = 58;
    private const int LongestPlain = 40;
    private const int KeptOfLong = 24;
    private const int HashDigits = 32;

    private const string Reserved = "anonymous";

    private PipeName(string text, string? stem)
    {
        Text = text;
        Stem = stem ?? "";
        IsPath = stem is null;
    }

    /// <summary>The name as the program wrote it.</summary>
    public string Text { get; }

    /// <summary>Whether the name is the path of a socket.</summary>
    public bool IsPath { get; }

    /// <summary>How the files of a plain name begin. Contains no point.</summary>
    public string Stem { get; }

    /// <summary>Reads the name of a pipe.</summary>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty, too long, or contains a null character.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The name is "anonymous", which the platform reserves.</exception>
    public static PipeName Parse(string pipeName)
    {
        ArgumentException.ThrowIfNullOrEmpty(pipeName);
        if (string.Equals(pipeName, Reserved, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentOutOfRangeException(nameof(pipeName), "The pipe name \"anonymous\" is reserved.");
        }

        if (pipeName.Contains('\0'))
        {
            throw new ArgumentException("The name of a pipe contains no null character.", nameof(pipeName));
        }

        if (pipeName[0] == '/')
        {
            return new(pipeName, null);
        }

        return pipeName.Length <= LongestName
            ? new(pipeName, StemOf(pipeName))
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"The name of the pipe has {pipeName.Length} characters, and {LongestName} are allowed."),
                nameof(pipeName));
    }

    /// <inheritdoc/>
    public override string ToString() => $"the pipe '{Text}'";

    private static string StemOf(string pipeName)
    {
        // Windows reads a slash in the name of a pipe as a backslash.
        string text = pipeName.Replace('/', '\\').ToUpperInvariant();
        ObjectName name = new(ObjectScope.User, text);
        string plain = name.FileName();
        if (plain.Length <= LongestPlain)
        {
            return plain;
        }

        string stem = name.Shortened(plain, KeptOfLong, HashDigits);
        System.Diagnostics.Debug.Assert(stem.Length <= LongestStem, "The name of a socket must fit into its address.");
        return stem;
    }
}
