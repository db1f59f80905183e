namespace Fairlead.Native;

/// <summary>What stands at a path.</summary>
internal enum FileKind
{
    Other = 0,
    Regular,
    Directory,
    Socket,
    Fifo,
    Symlink,
}
