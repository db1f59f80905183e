using Fairlead.Native;

namespace Fairlead.Tests;

/// <summary>A test that is refused what is another user's, which root never is.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OrdinaryUserFactAttribute : FactAttribute
{
    public OrdinaryUserFactAttribute()
    {
        if (NativeProcess.UserId == 0)
        {
            Skip = "Root is refused nothing.";
        }
    }
}
