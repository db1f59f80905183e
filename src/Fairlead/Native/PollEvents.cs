namespace Fairlead.Native;

/// <summary>The events to watch a descriptor for, or that occurred; the kernel's bits, the same for poll and epoll.</summary>
[Flags]
internal enum PollEvents : uint
{
    None = 0,

    /// <summary>There is data to read, the end of the data, or a connection to accept.</summary>
    Read = 1,

    /// <summary>There is space to write, or a connect has ended.</summary>
    Write = 4,

    /// <summary>Always reported.</summary>
    Error = 8,

    /// <summary>Both directions have ended. Always reported.</summary>
    HangUp = 0x10,

    /// <summary>The peer has shut down its writing half: the end follows the data that is still to be read.</summary>
    ReadHangUp = 0x2000,

    /// <summary>Only for watching: report once, then nothing until modified.</summary>
    OneShot = 1u << 30,
}
