#!interp child:null
