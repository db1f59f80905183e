namespace Fairlead.Native;

/// <summary>The direction of a socket to end; the kernel's numbers.</summary>
internal enum ShutdownHow
{
    Read = 0,
    Write = 1,
    Both = 2,
}
