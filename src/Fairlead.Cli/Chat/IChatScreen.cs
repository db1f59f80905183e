namespace Fairlead.Cli.Chat;

/// <summary>Where a person types and reads.</summary>
internal interface IChatScreen : IDisposable
{
    /// <summary>Whether a person types here, and not a program that may end while the chat goes on.</summary>
    bool IsInteractive { get; }

    /// <summary>Shows a line.</summary>
    void Show(string line);

    /// <summary>Returns the next line that was typed, or null at the end of input.</summary>
    ValueTask<string?> ReadAsync(CancellationToken cancellationToken);
}
