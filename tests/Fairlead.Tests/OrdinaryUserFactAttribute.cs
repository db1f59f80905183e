using System.Runtime.CompilerServices;
using Fairlead.Native.Processes;

namespace Fairlead.Tests;

/// <summary>A test in which access to another user's file is refused, which never happens to root.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OrdinaryUserFactAttribute : FactAttribute
{
    public OrdinaryUserFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        if (NativeProcess.UserId == 0)
        {
            Skip = "Root is refused nothing.";
        }
    }
}
