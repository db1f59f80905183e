namespace Fairlead.NamedHandles.Generator;

/// <summary>A call that goes to Fairlead. Compared by value, and without symbols, so that the compiler may keep it.</summary>
/// <param name="Method">What it calls.</param>
/// <param name="Attribute">The attribute that names the place of the call.</param>
/// <param name="Place">The file and the line, for readers of the generated code.</param>
internal sealed record InterceptedCall(InterceptedMethod Method, string Attribute, string Place);

/// <summary>A method of the platform, as the generated code repeats it.</summary>
/// <param name="Type">The type of Fairlead that has its counterpart.</param>
/// <param name="Name">Its name.</param>
/// <param name="Result">The type of its result.</param>
/// <param name="Parameters">Its parameters; that of an instance method's object first.</param>
/// <param name="Arguments">The names of the parameters.</param>
internal sealed record InterceptedMethod(string Type, string Name, string Result, string Parameters, string Arguments);
