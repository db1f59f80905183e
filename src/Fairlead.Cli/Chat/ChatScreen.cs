using Fairlead.Cli.Input;

namespace Fairlead.Cli.Chat;

/// <summary>The screen that fits what stdin and stdout are.</summary>
internal static class ChatScreen
{
    /// <param name="fifo">The path of a FIFO from which lines are taken instead of stdin; null for stdin.</param>
    /// <param name="block">The bytes of the blocks that programs write into the FIFO; null for lines.</param>
    public static IChatScreen Open(string? fifo = null, int? block = null) =>
        fifo is not null
            ? TypingFifo.Open(fifo, block)
            : (IChatScreen?)EditorScreen.TryOpen() ?? new PlainScreen(new LineReader().ReadAsync);
}
