using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>Where Fairlead keeps what belongs to this user.</summary>
public static class FairleadDirectory
{
    /// <summary>
    /// The runtime directory, in which bare names resolve: <c>$XDG_RUNTIME_DIR/fairlead</c>, else <c>/run/user/UID/fairlead</c>, else
    /// <c>/tmp/fairlead-UID</c>. It is in memory on most systems, and need not exist before the first endpoint.
    /// </summary>
    /// <exception cref="FairleadException">The variable names a directory that cannot be used.</exception>
    public static string Runtime => RuntimeDirectory.Current().Path;
}
