namespace Fairlead.Cli.Chat;

/// <summary>The FIFO through which one window types into another.</summary>
internal static class TypingFifo
{
    /// <summary>The address of a FIFO that carries lines.</summary>
    public static Address At(string path)
    {
        var escaped = Path.GetFullPath(path)
            .Replace("%", "%25", StringComparison.Ordinal)
            .Replace("?", "%3F", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal)
            .Replace(",", "%2C", StringComparison.Ordinal);
        return Address.Parse($"fifo://{escaped}?framing=line");
    }

    /// <summary>A screen that reads what is typed at the FIFO, by one window after another.</summary>
    public static IChatScreen Open(string path)
    {
        var receiver = Receiver.Bind(At(path));
        return new PlainScreen(
            async cancellationToken =>
            {
                using var line = await receiver.ReceiveAsync(cancellationToken);
                line.Accept();
                return line.Span.ToArray();
            },
            receiver);
    }
}
