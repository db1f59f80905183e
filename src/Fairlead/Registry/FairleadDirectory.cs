using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>The location of Fairlead's files for this user.</summary>
public static class FairleadDirectory
{
    /// <summary>
    /// The runtime directory, in which bare names resolve: <c>$XDG_RUNTIME_DIR/fairlead</c>, or <c>/run/user/UID/fairlead</c>, or
    /// <c>/tmp/fairlead-UID</c>. On most systems it is in memory. It need not exist before the first endpoint.
    /// </summary>
    /// <exception cref="FairleadException">The variable names a directory that cannot be used.</exception>
    public static string Runtime => RuntimeDirectory.Current().Path;
}
