namespace Fairlead.Native;

/// <summary>Which direction of a socket ends; the kernel's numbers.</summary>
internal enum ShutdownHow
{
    Read = 0,
    Write = 1,
    Both = 2,
}
