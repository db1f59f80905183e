using System.Text;

namespace Fairlead.Native.Processes;

/// <summary>Writes the command line of a process for people.</summary>
internal static class CommandLineText
{
    /// <summary>
    /// Returns the file name of the program and its arguments without passwords; for an application that <c>dotnet</c> runs, its own.
    /// </summary>
    /// <param name="bytes">The content of <c>/proc/PID/cmdline</c>.</param>
    /// <param name="cut">Whether there is more.</param>
    public static string Of(ReadOnlySpan<byte> bytes, bool cut)
    {
        ReadOnlySpan<byte> line = FromApplication(bytes);
        return Readable(line[(PathOf(FirstOf(line)).LastIndexOf((byte)'/') + 1)..].TrimEnd((byte)0), cut);
    }

    /// <summary>Returns the file name of the program alone; for an application that <c>dotnet</c> runs, its own.</summary>
    /// <param name="bytes">The content of <c>/proc/PID/cmdline</c>.</param>
    public static string FileOf(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> path = PathOf(FirstOf(FromApplication(bytes)));
        return Readable(path[(path.LastIndexOf((byte)'/') + 1)..], cut: false);
    }

    // A program that renames itself writes a sentence there, perhaps with a path in it: its first word is the path, then.
    private static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> program)
    {
        int blank = program.IndexOf((byte)' ');
        return program is [(byte)'/', ..] || blank < 0 ? program : program[..blank];
    }

    private static string Readable(ReadOnlySpan<byte> bytes, bool cut)
    {
        string text = Passwords.HideInArguments(Encoding.UTF8.GetString(bytes));
        return string.Create(text.Length + (cut ? 1 : 0), (text, cut), static (target, source) =>
        {
            for (int i = 0; i < source.text.Length; i++)
            {
                char character = source.text[i];
                target[i] = character == '\0' ? ' ' : char.IsControl(character) ? '?' : character;
            }

            if (source.cut)
            {
                target[^1] = '…';
            }
        });
    }

    /// <summary>Returns the line from the application on, if the program is <c>dotnet</c> and runs one; otherwise the whole line.</summary>
    private static ReadOnlySpan<byte> FromApplication(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> program = FirstOf(line);
        if (!program[(program.LastIndexOf((byte)'/') + 1)..].SequenceEqual("dotnet"u8))
        {
            return line;
        }

        ReadOnlySpan<byte> rest = After(line, program);
        if (FirstOf(rest).SequenceEqual("exec"u8))
        {
            rest = After(rest, FirstOf(rest));
        }

        // Each option of the host has a value.
        while (FirstOf(rest) is [(byte)'-', (byte)'-', ..] option)
        {
            rest = After(rest, option);
            rest = After(rest, FirstOf(rest));
        }

        return FirstOf(rest).EndsWith(".dll"u8) ? rest : line;
    }

    private static ReadOnlySpan<byte> FirstOf(ReadOnlySpan<byte> line) => line.IndexOf((byte)0) is >= 0 and var end ? line[..end] : line;

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> line, ReadOnlySpan<byte> first) =>
        first.Length < line.Length ? line[(first.Length + 1)..] : default;
}
