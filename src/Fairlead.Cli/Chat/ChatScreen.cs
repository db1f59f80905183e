using Fairlead.Cli.Input;

namespace Fairlead.Cli.Chat;

/// <summary>The screen that fits what stdin and stdout are.</summary>
internal static class ChatScreen
{
    /// <param name="fifo">The path of a FIFO from which lines are taken instead of stdin; null for stdin.</param>
    public static IChatScreen Open(string? fifo = null) =>
        fifo is not null
            ? TypingFifo.Open(fifo)
            : (IChatScreen?)EditorScreen.TryOpen() ?? new PlainScreen(new LineReader().ReadAsync);
}
