namespace Fairlead.Native;

/// <summary>The kind of file at a path.</summary>
internal enum FileKind
{
    Other = 0,
    Regular,
    Directory,
    Socket,
    Fifo,
    Symlink,
}
