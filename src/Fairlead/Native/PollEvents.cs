namespace Fairlead.Native;

/// <summary>What a descriptor is watched for, or is ready for; the kernel's bits, the same for poll and epoll.</summary>
[Flags]
internal enum PollEvents : uint
{
    None = 0,

    /// <summary>There is something to read, or the end, or a connection to accept.</summary>
    Read = 1,

    /// <summary>There is room to write, or a connect has ended.</summary>
    Write = 4,

    /// <summary>Reported whether asked for or not.</summary>
    Error = 8,

    /// <summary>Both directions are at their end. Reported whether asked for or not.</summary>
    HangUp = 0x10,

    /// <summary>The peer has shut down its writing half: after what is still to be read comes the end.</summary>
    ReadHangUp = 0x2000,

    /// <summary>Only for watching: report once, then stay silent until modified.</summary>
    OneShot = 1u << 30,
}
