using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Chat;

/// <summary>The FIFO through which one window types into another.</summary>
internal static class TypingFifo
{
    /// <summary>The address of a FIFO that carries lines, or blocks with a line in each.</summary>
    /// <param name="path">The path of the FIFO.</param>
    /// <param name="block">The bytes of a block; null for lines.</param>
    public static Address At(string path, int? block)
    {
        var escaped = Path.GetFullPath(path)
            .Replace("%", "%25", StringComparison.Ordinal)
            .Replace("?", "%3F", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal)
            .Replace(",", "%2C", StringComparison.Ordinal);
        var address = Address.Parse($"fifo://{escaped}");
        return block is { } size
            ? address.With("framing", "block").With("size", size.ToString(CultureInfo.InvariantCulture)).With("until", "nul")
            : address.With("framing", "line");
    }

    /// <summary>A screen that reads what is typed at the FIFO, by one window after another.</summary>
    public static IChatScreen Open(string path, int? block)
    {
        var receiver = Receiver.Bind(At(path, block));
        return new PlainScreen(
            async cancellationToken =>
            {
                using var line = await receiver.ReceiveAsync(cancellationToken);
                line.Accept();
                return line.Span.ToArray();
            },
            receiver,
            showsTyped: Terminal.IsOutput);
    }
}
