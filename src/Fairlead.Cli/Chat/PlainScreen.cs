using System.Text;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Chat;

/// <summary>Lines in, lines out, for pipes and files.</summary>
/// <param name="read">The next line of bytes, valid until the next call; null at the end.</param>
/// <param name="owned">Disposed with the screen.</param>
/// <param name="showsTyped">Whether typed lines are shown, for a person who reads here and types elsewhere.</param>
internal sealed class PlainScreen(
    Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> read, IDisposable? owned = null, bool showsTyped = false) : IChatScreen
{
    public bool IsInteractive => false;

    public void Show(string line) => StandardOutput.WriteLine(VisibleText.OneLine(line));

    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await read(cancellationToken) is { } bytes ? TextOf(bytes.Span) : null;
        if (showsTyped && line is { Length: > 0 })
        {
            Show($"> {line}");
        }

        return line;
    }

    public void Dispose() => owned?.Dispose();

    // A C program that types here sends the NUL that ends its text, too, and in a block the newline. No block of text can carry a NUL.
    private static string TextOf(ReadOnlySpan<byte> line) =>
        Encoding.UTF8.GetString(line.Trim((byte)0)).TrimEnd('\r', '\n').Replace('\0', ' ');
}
