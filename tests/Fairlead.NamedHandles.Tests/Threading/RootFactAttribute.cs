using System.Runtime.CompilerServices;
using Fairlead.Native.Processes;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>A test that starts a process of another user, which only root may.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        if (NativeProcess.UserId != 0)
        {
            Skip = "Only root can start a process of another user.";
        }
    }
}
