using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>The modes of a terminal, from <see cref="ControllingTerminal.SaveModes"/>. Only the C library knows the content.</summary>
public sealed unsafe class TerminalModes
{
    private const int WhenWritten = 1; // TCSADRAIN

    // struct termios: 60 bytes in both C libraries.
    private readonly byte[] _modes = new byte[256];

    private TerminalModes()
    {
    }

    /// <summary>
    /// Returns a copy for a program that edits lines itself: each key is read immediately, as its bytes. The terminal shows no key and
    /// turns none into a signal, Ctrl-C included. Output stays as it is.
    /// </summary>
    public TerminalModes ForKeys()
    {
        TerminalModes modes = new();
        _modes.CopyTo(modes._modes, 0);
        fixed (byte* start = modes._modes)
        {
            Libc.MakeRaw(start);
        }

        // The second word says how output is shown: newlines still return the carriage.
        _modes.AsSpan(sizeof(uint), sizeof(uint)).CopyTo(modes._modes.AsSpan(sizeof(uint)));
        return modes;
    }

    internal static TerminalModes Of(Descriptor terminal)
    {
        TerminalModes modes = new();
        fixed (byte* start = modes._modes)
        {
            return Libc.TerminalModes(terminal.Number, start) == 0
                ? modes
                : throw ErrnoMap.Failure("the modes of the terminal cannot be read", Libc.LastError);
        }
    }

    internal void Apply(Descriptor terminal)
    {
        Errno error = SignalMask.While(Signal.TerminalOutput.Number, () =>
        {
            fixed (byte* start = _modes)
            {
                return Libc.SetTerminalModes(terminal.Number, WhenWritten, start) == 0 ? Errno.None : Libc.LastError;
            }
        });
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("the modes of the terminal cannot be set", error);
        }
    }
}
