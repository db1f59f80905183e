namespace Fairlead.Tests;

/// <summary>The same as <see cref="ToolFactAttribute"/>, with rows.</summary>
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(string tool) => Skip = ToolFactAttribute.WhyNot(tool)!;
}
