using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <content>The open file that came with the message.</content>
internal sealed partial class MessageCore
{
    /// <summary>Whether a file came and has not been taken.</summary>
    public bool HasFile => _incoming.Lease is HandleLease { HasFile: true };

    /// <summary>Takes the file; the caller then closes the number.</summary>
    public bool TryTakeFile(out int number)
    {
        number = (_incoming.Lease as HandleLease)?.Take()?.Release() ?? -1;
        return number >= 0;
    }
}
