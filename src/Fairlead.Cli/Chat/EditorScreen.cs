using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Processes;

namespace Fairlead.Cli.Chat;

/// <summary>
/// A terminal whose last row is the line that is being typed. A line that comes is written above it, and the row is drawn again.
/// </summary>
internal sealed class EditorScreen : IChatScreen
{
    private const string Prompt = "> ";

    // Of a terminal that does not tell its width.
    private const int UsualColumns = 80;

    private readonly Lock _gate = new();
    private readonly ControllingTerminal _terminal;
    private readonly TerminalModes _before;
    private readonly TerminalModes _keys;
    private readonly KeyReader _reader = new();
    private readonly LineEditor _editor = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly PosixSignalRegistration _continued;
    private readonly CancellationTokenSource _end = new();
    private bool _isClosed;

    private EditorScreen(ControllingTerminal terminal)
    {
        _terminal = terminal;
        _before = terminal.SaveModes();
        _keys = _before.ForKeys();

        // The runtime may end the process at once (a second Ctrl-C): the terminal must be usable afterwards.
        AppDomain.CurrentDomain.ProcessExit += Restore;

        // A shell that takes the terminal back sets it up in its own way; so does this process when it goes on. Without the cancellation
        // the runtime would then restore the modes that it knows.
        _continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context =>
        {
            context.Cancel = true;
            Begin();
        });
        Begin();
        _ = ReadKeysAsync(_end.Token);
    }

    public bool IsInteractive => true;

    /// <summary>Opens the terminal; returns null where stdin or stdout is something else, or another job has the terminal.</summary>
    public static EditorScreen? TryOpen()
    {
        if (Console.IsInputRedirected || !Terminal.IsOutput || ControllingTerminal.TryOpen() is not { } terminal)
        {
            return null;
        }

        // The first question for the width lets the runtime set up its own part of the terminal, which must come before this one's.
        _ = Columns();
        return terminal.Foreground == ControllingTerminal.OwnGroup ? new EditorScreen(terminal) : null;
    }

    public void Show(string line)
    {
        lock (_gate)
        {
            var text = WrappedText.Of(VisibleText.OneLine(line), Columns());
            Write(_isClosed ? $"{text}\n" : $"\r\e[K{text}\n{Row()}");
        }
    }

    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken) =>
        await _lines.Reader.WaitToReadAsync(cancellationToken) && _lines.Reader.TryRead(out var line) ? line : null;

    public void Dispose()
    {
        _end.Cancel();
        _continued.Dispose();
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
        _end.Dispose();
        _terminal.Dispose();
    }

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualColumns;
        }
        catch (IOException)
        {
            return UsualColumns;
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _terminal.RestoreModes(_keys);
                Write(Row());
            }
        }
    }

    private void Restore(object? sender, EventArgs arguments)
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                Write("\r\e[K");
                _terminal.RestoreModes(_before);
            }
        }
    }

    private async Task ReadKeysAsync(CancellationToken cancellationToken)
    {
        try
        {
            var input = new StandardInput();
            var bytes = new byte[4096];
            while (await input.ReadAsync(bytes, cancellationToken) is > 0 and var count)
            {
                if (!Take(bytes.AsSpan(0, count)))
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Closed, or the terminal has hung up.
        }

        _lines.Writer.TryComplete();
    }

    /// <summary>Returns false at the end of input.</summary>
    private bool Take(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            foreach (var value in bytes)
            {
                var (key, character) = _reader.Take(value);
                if (key == Key.DeleteOrEnd && _editor.Text.Length == 0)
                {
                    return false;
                }

                Press(key, character);
            }

            Write(Row());
            return true;
        }
    }

    private void Press(Key key, Rune character)
    {
        switch (key)
        {
            case Key.Interrupt:
                Raise(Signal.Interrupt);
                break;
            case Key.Quit:
                _terminal.RestoreModes(_before);
                Raise(Signal.Quit);
                break;
            case Key.Suspend:
                Write("\r\e[K");
                _terminal.RestoreModes(_before);
                Raise(Signal.TerminalStop);
                break;
            case Key.Clear:
                Write("\e[H\e[2J");
                break;
            default:
                if (_editor.Press(key, character) is { } line)
                {
                    Write($"\r\e[K{Prompt}{line}\n");
                    _lines.Writer.TryWrite(line);
                }

                break;
        }
    }

    /// <summary>As the terminal would send it: to the whole job.</summary>
    private static void Raise(Signal signal) => Signals.SendToGroup(ControllingTerminal.OwnGroup, signal);

    private string Row() => _editor.Render(Prompt, Columns());

    private static void Write(string text) => StandardOutput.Write(Encoding.UTF8.GetBytes(text));
}
